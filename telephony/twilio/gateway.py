"""Every request to Twilio. No other file imports Twilio's SDK.

Functions take typed arguments and return dataclasses of ours or raise ProductError. After an
`OutcomeUnknownError` the request may have been carried out, so look it up and never just repeat it.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException  # type: ignore[import-untyped]  # the SDK has no types
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]  # the SDK has no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # the SDK has no types
from twilio.jwt.access_token import AccessToken  # type: ignore[import-untyped]  # the SDK has no types
from twilio.jwt.access_token.grants import VoiceGrant  # type: ignore[import-untyped]  # the SDK has no types
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the SDK has no types
from twilio.rest import Client  # type: ignore[import-untyped]  # the SDK has no types
from twilio.rest.api.v2010.account.call import CallInstance  # type: ignore[import-untyped]  # the SDK has no types
from urllib3.exceptions import NewConnectionError

from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import dollars_to_micros
from telephony.twilio.faults import CLOSED_COUNTRY_CODES, is_operators, record_fault

logger = logging.getLogger(__name__)
CURRENCY = "USD"  # of our ledger and decks
# Refusals that say nothing about the number or the code of a customer.
OUTAGE_CODES = ("provider_unavailable", "provider_misconfigured")


class OutcomeUnknownError(ProductError):
    """No readable answer came, so Twilio may or may not have done what the request asked for."""

    def __init__(self) -> None:
        super().__init__("provider_unavailable", "Our phone carrier did not answer.")


class UnknownSidError(ProductError):
    """Twilio has nothing under a SID, or has it no longer."""

    def __init__(self) -> None:
        super().__init__("not_found", "Our phone carrier no longer knows this call or code.")


# Our code and message for a code of https://www.twilio.com/docs/api/errors.
_REFUSALS: dict[int, tuple[str, str]] = {
    20404: ("not_found", "Our phone carrier no longer knows this call or code."),
    21211: ("number_unreachable", "Our phone carrier says that this number is not valid."),
    21214: ("number_unreachable", "This number cannot be reached by our phone carrier."),
    21215: ("country_closed", "Our phone carrier does not call this country for us."),
    21216: ("destination_blocked", "Our phone carrier blocks this number, to prevent fraud."),
    21217: ("number_unreachable", "Our phone carrier says that this number is not valid."),
    60200: ("number_unreachable", "Our phone carrier says that this number is not valid."),
    60202: ("too_many_tries", "Too many wrong codes for this number."),
    60203: ("too_many_codes", "Too many codes were sent to this number."),
    60205: ("landline_no_sms", "This is a landline, which takes no SMS."),
    60207: ("too_many_codes", "Too many codes were asked for."),
    60212: ("too_many_codes", "Another code for this number is just being sent."),
    60238: ("number_blocked", "Codes to this number are blocked, to prevent fraud."),
    60410: ("number_blocked", "Codes to numbers like this are blocked for now, to prevent fraud."),
    60220: ("region_not_permitted", "Codes cannot be sent to this country."),
    60605: ("region_not_permitted", "Codes cannot be sent to this country."),
}
_MISCONFIGURED = "Our phone carrier refused this because of our own account there."
# With 403 Verify also refuses a number, not us (https://www.twilio.com/docs/api/errors).
_OF_VERIFY = range(60_000, 61_000)
_TOO_MANY_WAIT_SECONDS = 600  # Verify keeps its counters as long as a code lives


def _error_for(status: int, code: int, e164: str) -> ProductError:
    """Return our error for an HTTP status and an error code of Twilio's (0: no code)."""
    if code == 20404 or (status == 404 and code not in _REFUSALS):
        return UnknownSidError()
    if is_operators(code, e164) and code not in CLOSED_COUNTRY_CODES:
        return ProductError("provider_misconfigured", _MISCONFIGURED)
    if code in _REFUSALS:
        ours, message = _REFUSALS[code]
        waits = ours in ("too_many_codes", "too_many_tries")
        return ProductError(
            ours, message, retry_after_seconds=_TOO_MANY_WAIT_SECONDS if waits else None
        )
    if status == 429:
        # 20429 and 10004: refused before anything was done.
        return ProductError(
            "provider_unavailable", "Our phone carrier is busy.", retry_after_seconds=5
        )
    if status >= 500:
        return OutcomeUnknownError()
    if status == 401 or (status == 403 and code not in _OF_VERIFY):
        return ProductError("provider_misconfigured", _MISCONFIGURED)
    return ProductError("provider_refused", "Our phone carrier refused the request.")


# Errors that the SDK raises for an answer that cannot be read: its own, those of its transport,
# ValueError for a body that is not JSON, and the others for JSON of another shape.
_BROKEN_ANSWER = (
    TwilioException,
    requests.RequestException,
    ValueError,
    AttributeError,
    TypeError,
    LookupError,
    ArithmeticError,
)


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """A call as Twilio reports it. `seconds` is None while the call lasts.

    `direction` is `outbound-api`, `outbound-dial` or `inbound`. A price in another currency than
    ours is unknown here.
    """

    sid: str
    parent_sid: str
    caller: str
    called: str
    status: str
    seconds: int | None
    price_micros: int | None
    currency: str
    direction: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Note:
    """An error that Twilio noted about a call; `url` is the address of ours that it is about."""

    code: int
    url: str


@dataclass(frozen=True, slots=True)
class Validation:
    """A call that Twilio makes to a phone, whose owner is to key in the code."""

    call_sid: str
    code: str


@dataclass(frozen=True, slots=True)
class ProviderPrice:
    """A price per minute that Twilio charges us for calls to some prefixes.

    `shown_prefixes` has no item if the price holds for every number shown that no other price names
    (`ALL` or `ROW`, https://www.twilio.com/docs/voice/pricing).
    """

    description: str
    prefixes: tuple[str, ...]
    micros_per_minute: int
    shown_prefixes: tuple[str, ...]


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """HTTP client that sends requests to TWILIO_API_URL if set, with the host as first folder."""

    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        super().__init__(timeout=timeout_seconds)
        self.base_url = base_url
        if base_url and self.session is not None:
            self.session.trust_env = False  # the environment's proxy cannot reach loopback

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if self.base_url and host.endswith(".twilio.com"):
            query = f"?{parts.query}" if parts.query else ""
            url = f"{self.base_url}/{host}{parts.path}{query}"
        return super().request(method, url, *args, **kwargs)


@lru_cache(maxsize=4)
def _client_for(
    user: str, password: str, account_sid: str, base_url: str, timeout_seconds: float
) -> Client:
    # A non-empty environment keeps TWILIO_EDGE and TWILIO_REGION from changing the hosts.
    transport = _HttpClient(base_url, timeout_seconds)
    return Client(user, password, account_sid, http_client=transport, environment={"_": ""})


def _client() -> Client:
    """Return a client with the API key, or with the auth token where there is no key."""
    if not settings.TWILIO_API_KEY_SID:
        return _owner_client()
    return _client_with(settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET)


def _owner_client() -> Client:
    """Return a client with the auth token, for account resources, which no standard key reaches.

    https://www.twilio.com/docs/iam/api-keys/keys-in-console
    """
    return _client_with(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)


def _client_with(user: str, password: str) -> Client:
    return _client_for(
        user,
        password,
        settings.TWILIO_ACCOUNT_SID,
        settings.TWILIO_API_URL.rstrip("/"),
        settings.TWILIO_TIMEOUT_SECONDS,
    )


@contextmanager
def _asking(what: str, *, about_e164: str = "", may_be_gone: bool = False) -> Iterator[None]:
    """Turn every error of the SDK into one of ours, log it, and record a fault of the operator.

    Raise `UnknownSidError` only with `may_be_gone`; else a 404 is about a SID of our settings.
    """
    try:
        yield
    except (TwilioRestException, TwilioServiceException) as error:
        status, code = int(error.status), int(error.code or 0)
        raise _report_refusal(what, status, code, about_e164, may_be_gone=may_be_gone) from None
    except requests.ConnectTimeout:
        raise _unreachable(what) from None
    except requests.ConnectionError as error:
        # `requests` wraps urllib3's "too many retries", which wraps the reason. Only a connection
        # that was never made is certain to have sent no byte of the request.
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(reason, NewConnectionError):
            raise _unreachable(what) from None
        logger.warning("twilio connection lost", extra={"what": what})
        raise OutcomeUnknownError from None
    except _BROKEN_ANSWER as error:
        if (page := _status_of_page(error)) is not None:
            raise _report_refusal(what, *page, about_e164, may_be_gone=may_be_gone) from None
        logger.warning("twilio unreadable", extra={"what": what, "error": type(error).__name__})
        raise OutcomeUnknownError from None


def _report_refusal(
    what: str, status: int, code: int, about_e164: str, *, may_be_gone: bool
) -> ProductError:
    """Return our error for a refusal, which is logged, and recorded if it is the operator's."""
    logger.warning("twilio refused", extra={"what": what, "status": status, "code": code})
    refusal = _error_for(status, code, about_e164)
    if isinstance(refusal, UnknownSidError) and not may_be_gone:
        refusal = ProductError("provider_misconfigured", _MISCONFIGURED)
    if refusal.code == "provider_misconfigured" or code in CLOSED_COUNTRY_CODES:
        record_fault(code, what=what, e164=about_e164)
    return refusal


def _status_of_page(error: Exception) -> tuple[int, int] | None:
    """Return status and code of a refused page of a list, for which the SDK has no error class."""
    response = error.args[1] if len(error.args) > 1 else None
    if not isinstance(response, Response) or response.status_code < 400:
        return None
    try:
        content = json.loads(response.text)
        return response.status_code, int(content.get("code") or 0)
    except (ValueError, TypeError, AttributeError):
        return response.status_code, 0


def _unreachable(what: str) -> ProductError:
    logger.warning("twilio unreachable", extra={"what": what})
    return ProductError("provider_unavailable", "Our phone carrier cannot be reached.")


# Verify


def start_verification(*, e164: str, channel: str) -> str:
    """Send a code, or the same code again while it is valid. Return the verification's SID."""
    with _asking("send a code", about_e164=e164):
        service = _client().verify.v2.services(settings.TWILIO_VERIFY_SERVICE_SID)
        verification = service.verifications.create(to=e164, channel=channel)
        return _sid(verification.sid)


def check_code(*, verification_sid: str, code: str) -> bool:
    """Return True if a code is right. Raise `UnknownSidError` if the code has expired."""
    with _asking("check a code", may_be_gone=True):
        service = _client().verify.v2.services(settings.TWILIO_VERIFY_SERVICE_SID)
        check = service.verification_checks.create(verification_sid=verification_sid, code=code)
        _sid(check.sid)  # an empty answer approves nothing and refuses nothing
        return bool(check.status == "approved")


def cancel_verification(verification_sid: str) -> None:
    """Make a code that was sent invalid. Raise `UnknownSidError` if it is invalid already."""
    with _asking("cancel a code", may_be_gone=True):
        service = _client().verify.v2.services(settings.TWILIO_VERIFY_SERVICE_SID)
        service.verifications(verification_sid).update(status="canceled")


# Caller IDs


def start_validation(*, e164: str, name: str, status_url: str) -> Validation:
    """Have Twilio call a phone to register its number, and return the code to key in there."""
    with _asking("register a number", about_e164=e164):
        request = _client().validation_requests.create(
            phone_number=e164,
            friendly_name=name,
            status_callback=status_url,
            status_callback_method="POST",
        )
        return Validation(_sid(request.call_sid), _sid(request.validation_code))


def find_registered(e164: str) -> str | None:
    """Return the SID of a registered number, None if Twilio has not registered it."""
    with _asking("find a registered number"):
        registered_numbers = _client().outgoing_caller_ids.list(phone_number=e164, limit=1)
        return _sid(registered_numbers[0].sid) if registered_numbers else None


def remove_registered(sid: str) -> None:
    """Remove a registered number. Raise `UnknownSidError` if Twilio has it no longer."""
    with _asking("remove a registered number", may_be_gone=True):
        _client().outgoing_caller_ids(sid).delete()


# Calls


def create_call(
    *, to: str, twiml_url: str, ring_seconds: int, limit_seconds: int, status_url: str = ""
) -> ProviderCall:
    """Call a number from ours. Raise `OutcomeUnknownError` if the phone may ring all the same.

    Twilio reports each status to `status_url`, and none without one.
    """
    reports = {
        "status_callback": status_url,
        "status_callback_event": ["initiated", "ringing", "answered", "completed"],
        "status_callback_method": "POST",
    }
    with _asking("place a call", about_e164=to):
        call = _client().calls.create(
            to=to,
            from_=settings.TWILIO_FROM_NUMBER,
            url=twiml_url,
            method="POST",
            timeout=ring_seconds,
            time_limit=limit_seconds,
            **(reports if status_url else {}),
        )
        return _provider_call(call)


def fetch_call(sid: str) -> ProviderCall:
    """Return a call as it is now. Raise `UnknownSidError` for an unknown SID."""
    with _asking("fetch a call", may_be_gone=True):
        return _provider_call(_client().calls(sid).fetch())


def find_calls(*, to: str, since: datetime) -> list[ProviderCall]:
    """Return the calls that we placed to a number since an instant, newest first."""
    return _find_calls(since, to=to, from_=settings.TWILIO_FROM_NUMBER)


def find_client_calls(*, identity: str, since: datetime) -> list[ProviderCall]:
    """Return the calls that a client of the Voice SDK started since an instant, newest first."""
    return _find_calls(since, from_=f"client:{identity}")


def _find_calls(since: datetime, **between: str) -> list[ProviderCall]:
    with _asking("find calls"):
        calls = [_provider_call(call) for call in _client().calls.list(**between, limit=50)]
    return [c for c in calls if c.created_at is None or c.created_at >= since]


def voice_token(*, identity: str, lives_seconds: int) -> str:
    """Return a token of the Voice SDK for one client, which may call through our TwiML app only."""
    token = AccessToken(
        settings.TWILIO_ACCOUNT_SID,
        settings.TWILIO_API_KEY_SID,
        settings.TWILIO_API_KEY_SECRET,
        identity=identity,
        ttl=lives_seconds,
    )
    token.add_grant(VoiceGrant(outgoing_application_sid=settings.TWILIO_TWIML_APP_SID))
    return str(token.to_jwt())


def sandbox_host() -> str:
    """Return the host and port of the sandbox where that plays Twilio, or nothing."""
    return urlsplit(settings.TWILIO_API_URL).netloc if settings.IS_LOCAL else ""


def voice_gateway() -> str:
    """Return the address that the Voice SDK connects to."""
    host = sandbox_host()
    return f"ws://{host}" if host else "wss://voice-js.roaming.twilio.com"


def calls_of_day(day: date) -> Iterator[ProviderCall]:
    """Yield every call and leg of a UTC day, page by page, so that memory stays constant."""
    with _asking("list the calls of a day"):
        start = datetime.combine(day, time(), UTC)
        end = start + timedelta(days=1)
        calls = _client().calls.stream(
            start_time_after=start, start_time_before=end, page_size=1000
        )
        for call in calls:
            yield _provider_call(call)


def find_children(parent_sid: str) -> list[ProviderCall]:
    """Return the legs that a call dialled."""
    with _asking("find the legs of a call"):
        legs = _client().calls.list(parent_call_sid=parent_sid, limit=20)
        return [_provider_call(call) for call in legs]


def errors_of_call(sid: str) -> list[int]:
    """Return the codes of the errors that Twilio noted about a call, such as a refused <Dial>."""
    return [note.code for note in notes_of_call(sid)]


def notes_of_call(sid: str) -> list[Note]:
    """Return the errors that Twilio noted about a call.

    https://www.twilio.com/docs/usage/api/notification
    """
    with _asking("list the errors of a call", may_be_gone=True):
        notes = _client().calls(sid).notifications.list(limit=20)
        return [
            Note(int(note.error_code), str(note.request_url or ""))
            for note in notes
            if note.error_code
        ]


def end_call(sid: str, *, in_progress: bool) -> ProviderCall:
    """Hang up a call in progress, or cancel a call that still rings."""
    with _asking("end a call", may_be_gone=True):
        status = "completed" if in_progress else "canceled"
        return _provider_call(_client().calls(sid).update(status=status))


def _provider_call(call: CallInstance) -> ProviderCall:
    """Read an instance of the SDK's, in which every field may be None or of a wrong type."""
    created, currency = call.date_created, str(call.price_unit or CURRENCY).upper()
    price_micros = None  # until Twilio reports it, as a negative number
    if call.price and currency == CURRENCY:
        with suppress(InvalidOperation):
            price_micros = dollars_to_micros(abs(Decimal(call.price)))
    return ProviderCall(
        sid=_sid(call.sid),
        parent_sid=str(call.parent_call_sid or ""),
        called=str(call.to or ""),
        caller=str(call._from or ""),  # the SDK's name for a field that Python reserves
        status=str(call.status or ""),
        seconds=int(call.duration) if call.duration not in (None, "") else None,
        price_micros=price_micros,
        currency=currency,
        direction=str(call.direction or ""),
        created_at=created if isinstance(created, datetime) else None,
    )


def _sid(sid: str | None) -> str:
    if not sid:
        raise ValueError("an answer without a SID")
    return sid


# Prices and configuration


def priced_countries() -> list[str]:
    """Return the ISO codes of the countries for which Twilio has voice prices."""
    with _asking("list priced countries"):
        return [str(c.iso_country) for c in _client().pricing.v2.voice.countries.list()]


def voice_prices(country: str) -> list[ProviderPrice]:
    """Return the prices that Twilio charges us for calls to a country."""
    with _asking("fetch prices"):
        country_prices = _client().pricing.v2.voice.countries(country).fetch()
        currency = str(country_prices.price_unit or CURRENCY).upper()
        rows: Sequence[dict[str, Any]] = country_prices.outbound_prefix_prices or []
        prices = []
        for row in rows:
            price = Decimal(str(row["current_price"])).quantize(Decimal("0.000001"))
            origins = {str(one) for one in row["origination_prefixes"]}
            is_usual = bool(origins & {"ALL", "ROW"})  # of every number that no other price names
            prices.append(
                ProviderPrice(
                    description=str(row["friendly_name"]),
                    prefixes=tuple(str(prefix) for prefix in row["destination_prefixes"]),
                    micros_per_minute=dollars_to_micros(price),
                    shown_prefixes=() if is_usual else tuple(sorted(origins)),
                )
            )
    if currency != CURRENCY:
        raise ProductError(
            "provider_misconfigured",
            f"Twilio's prices for this account are in {currency}, and a deck is in {CURRENCY}.",
        )
    return prices


def check_account() -> str:
    """Return `active`. Raise ProductError if Twilio has suspended or closed the account."""
    with _asking("check the account"):
        status = str(_owner_client().api.v2010.accounts(settings.TWILIO_ACCOUNT_SID).fetch().status)
    if status != "active":
        raise ProductError("provider_misconfigured", f"The account is {status}.")
    return status


def check_verify_service() -> str:
    """Return the name under which our codes are sent."""
    with _asking("check the Verify service"):
        service = _client().verify.v2.services(settings.TWILIO_VERIFY_SERVICE_SID).fetch()
        _sid(service.sid)
        return str(service.friendly_name)


def check_number(number: str) -> str:
    """Return a number of ours. Raise ProductError if the account lacks it or it has no voice."""
    with _asking("check our number"):
        owned = _client().incoming_phone_numbers.list(phone_number=number, limit=20)
        own_number = next(
            (candidate for candidate in owned if candidate.phone_number == number), None
        )
    if own_number is None:
        raise ProductError("provider_misconfigured", f"{number} is not a number of this account.")
    if not (own_number.capabilities or {}).get("voice"):
        raise ProductError("provider_misconfigured", f"{number} is not made for voice.")
    return number


def check_api_key() -> str:
    """Return `accepted`. Raise ProductError if Twilio refuses our API key."""
    with _asking("try the API key"):
        _client().incoming_phone_numbers.list(limit=1)
    return "accepted"


def account_type() -> str:
    """Return `Full` or `Trial` (https://www.twilio.com/docs/iam/api/account)."""
    with _asking("read the account's type"):
        return str(_owner_client().api.v2010.accounts(settings.TWILIO_ACCOUNT_SID).fetch().type)


def has_approved_profile() -> bool:
    """Return whether a customer profile is approved, without which +1 is not called (21216)."""
    with _asking("read the customer profiles"):
        profiles = _client().trusthub.v1.customer_profiles
        return bool(profiles.list(status="twilio-approved", limit=1))


def fetch_application(sid: str) -> tuple[str, str]:
    """Return the voice URL and the status callback of a TwiML app."""
    with _asking("read the TwiML app"):
        application = _client().applications(sid).fetch()
        return str(application.voice_url or ""), str(application.status_callback or "")


def answers_inbound_calls() -> bool:
    """Return whether our number has instructions for people who call it back."""
    with _asking("read our number"):
        number: str = settings.TWILIO_FROM_NUMBER
        owned = _client().incoming_phone_numbers.list(phone_number=number, limit=20)
        return any(
            bool(candidate.voice_url or candidate.voice_application_sid)
            for candidate in owned
            if candidate.phone_number == number
        )


def closed_countries() -> tuple[frozenset[str], int]:
    """Return the countries that our account may not call, and the number of all countries.

    https://www.twilio.com/docs/voice/api/dialingpermissions-country-resource
    """
    with _asking("list the dialing permissions"):
        countries = _client().voice.v1.dialing_permissions.countries.list(page_size=1000)
        permissions = {str(one.iso_code): one.low_risk_numbers_enabled for one in countries}
        if not permissions or not all(isinstance(one, bool) for one in permissions.values()):
            raise ValueError("an answer without permissions")
    closed = frozenset(iso for iso, is_open in permissions.items() if not is_open)
    return closed, len(permissions)


# Webhooks


def is_signed(*, url: str, parameters: Mapping[str, object], signature: str) -> bool:
    """Report whether Twilio signed a request with our token, or the former one in a rotation."""
    tokens = [settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_FALLBACK]
    return any(
        RequestValidator(token).validate(url, parameters, signature) for token in tokens if token
    )
