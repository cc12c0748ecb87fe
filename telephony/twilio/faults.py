"""Refusals of Twilio that only the operator can end: of the account, its number or its keys.

The customer reads `provider_misconfigured`. The operator reads Twilio's code and its remedy on the
page Today, in the log and in the metrics.
"""

import logging

from django.db.models import F
from django.utils import timezone

from telephony.models import CarrierFault
from telephony.numbers import number_from_e164

logger = logging.getLogger(__name__)

# A country that the geo permissions close, when ringing and at a <Dial>.
CLOSED_COUNTRY_CODES = frozenset({21215, 13227})
# What the carrier blocks, or for +1 asks a customer profile for.
BLOCKED_CODE = 21216
_TRIAL = "It is a trial account, which reaches verified numbers only: upgrade it."
_INACTIVE = "The account is not active: look at its balance and at the messages in the console."
_FROM_NUMBER = "Set TWILIO_FROM_NUMBER to a voice number of this account."
_GEO = "Allow the country under Voice, Settings, Geo permissions, or name it in CLOSED_COUNTRIES."
_KEYS = "Compare TWILIO_ACCOUNT_SID and the token or key with the console."
_RIGHTS = "The API key may not do this: use a standard key, or add the permission to it."
# By code, https://www.twilio.com/docs/api/errors.
REMEDIES: dict[int, str] = {
    10001: _INACTIVE,
    10002: _TRIAL,
    10005: "Calls are disabled for this account: ask Twilio's support.",
    13227: _GEO,
    20003: _KEYS,
    20005: _INACTIVE,
    20006: _RIGHTS,
    20010: "This is disabled for the account: ask Twilio's support.",
    20403: _INACTIVE,
    20404: "A SID in our settings is unknown there: manage.py check_live names it.",
    21203: "International calls are off: allow them under Voice, Settings, Geo permissions.",
    21210: _FROM_NUMBER,
    21212: _FROM_NUMBER,
    21215: _GEO,
    21216: "Calls to +1 need an approved Primary Customer Profile: complete it under Trust Hub.",
    21219: _TRIAL,
    21608: _TRIAL,
    70051: _RIGHTS,
    60223: "The channel is switched off: enable it under Verify, Services.",
    575001: _TRIAL,
}
_VERIFIED_RECIPIENTS = range(573_000, 574_000)  # refusals of trial accounts, such as 573005


def remedy_of(code: int) -> str:
    """Return what the operator has to do about a code; 0 is a refusal without one."""
    if code in _VERIFIED_RECIPIENTS:
        return _TRIAL
    unlisted = f"Read https://www.twilio.com/docs/api/errors/{code}." if code else _KEYS
    return REMEDIES.get(code, unlisted)


def is_operators(code: int, e164: str = "") -> bool:
    """Report whether a refused request about a number is for the operator to mend.

    A blocked number is one of a high risk or, in +1, one that is not called without a customer
    profile (https://www.twilio.com/docs/errors/21216). In the countries of +1 that fraud seeks, the
    Caribbean ones, the first is meant: a missing profile shows in the United States and in Canada.
    """
    if code == BLOCKED_CODE:
        return e164.startswith("+1") and number_from_e164(e164).country in ("US", "CA")
    return code in REMEDIES or code in _VERIFIED_RECIPIENTS


def record_fault(code: int, *, what: str, e164: str = "") -> None:
    """Count a refusal and report it in the log, one row for each code and country."""
    is_of_country = code in CLOSED_COUNTRY_CODES and e164
    country = number_from_e164(e164).country if is_of_country else ""
    logger.error(
        "twilio account at fault",
        extra={"what": what, "code": code, "country": country, "remedy": remedy_of(code)},
    )
    fault, _ = CarrierFault.objects.get_or_create(code=code, country=country)
    CarrierFault.objects.filter(pk=fault.pk).update(
        count=F("count") + 1, what=what, last_at=timezone.now()
    )
