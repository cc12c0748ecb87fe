"""The promise of a quote: the number that the called person will see, and the one in reserve."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from mobayilo.lib.errors import Hints, ProductError
from telephony.models import Call, CallerId, Registration
from telephony.numbers import Number, country_name
from telephony.phones.shown_rules import (
    ALWAYS,
    NEVER,
    REGISTERED,
    Rules,
    current_rules,
    rules_of,
    versions,
)

# A number that the carrier refused to show to another is not tried again for this long.
REFUSAL_REMEMBERED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """A number to show; `fallback_e164` is used if the carrier refuses it, None if nothing is."""

    e164: str
    is_own: bool
    fallback_e164: str | None
    registration_helps: bool


@dataclass(frozen=True, slots=True)
class ShownFacts:
    """The facts on which a promise rests, read together with the phone."""

    rules: Rules
    registered_at: datetime | None = None
    refused_at: datetime | None = None

    def own_number(self, phone_country: str, called_country: str, mode: Call.Mode) -> str:
        """Return the rule about the own number: `always`, `registered` or `never`."""
        rule = self.rules.own_number(phone_country, called_country)
        # A client's leg shows numbers that were bought or registered, and no others
        # (https://www.twilio.com/docs/api/errors/13214).
        return REGISTERED if mode == Call.Mode.COMPUTER and rule == ALWAYS else rule

    @property
    def is_refused(self) -> bool:
        """Whether the carrier refused to show the own number since it was registered."""
        return self.refused_at is not None and (
            self.registered_at is None or self.registered_at < self.refused_at
        )

    def shows_own(self, rule: str) -> bool:
        is_registered = rule == REGISTERED and self.registered_at is not None
        return not self.is_refused and (rule == ALWAYS or is_registered)


def recent_refusals() -> QuerySet[Call]:
    """Return calls of the phone in an outer query whose number the carrier refused to show."""
    return Call.objects.filter(
        from_e164=OuterRef("e164"),
        shows_own_number=True,
        number_refusals__gt=0,
        created_at__gt=timezone.now() - REFUSAL_REMEMBERED,
    )


def with_shown_facts(phones: QuerySet[CallerId], called_e164: str) -> QuerySet[CallerId]:
    """Add what `shown_facts` reads to a query of phones, so that it costs no query of its own."""
    registered = Registration.objects.filter(
        e164=OuterRef("e164"), state=Registration.State.REGISTERED
    )
    refused = recent_refusals().filter(to_e164=called_e164).order_by("-created_at")
    return phones.annotate(
        rules_digest=Subquery(versions().values("digest")[:1]),
        registered_at=Subquery(registered.values("closed_at")[:1]),
        refused_at=Subquery(refused.values("created_at")[:1]),
    )


def shown_facts(phone: CallerId) -> ShownFacts:
    """Return the facts that `with_shown_facts` read with a phone."""
    read = vars(phone)
    return ShownFacts(rules_of(read["rules_digest"]), read["registered_at"], read["refused_at"])


def rules_read_with(phone: CallerId | None) -> Rules:
    """Return the rules in force. They cost a query only where no phone was read with its facts."""
    return current_rules() if phone is None else shown_facts(phone).rules


def choose_shown_number(
    phone: CallerId, number: Number, facts: ShownFacts, mode: Call.Mode
) -> ShownNumber:
    """Return the number to show, and the one in reserve."""
    rule = facts.own_number(phone.country, number.country, mode)
    if phone.e164 == number.e164:
        rule = NEVER  # no carrier connects a number to itself
    operator = facts.rules.operator_number(phone.country, number.country)
    if facts.shows_own(rule):
        return ShownNumber(phone.e164, True, operator, False)
    registration_helps = rule != NEVER and facts.registered_at is None
    return ShownNumber(operator, False, None, registration_helps)


def refuse_other_number(
    phone: CallerId, number: Number, facts: ShownFacts, shown: ShownNumber
) -> None:
    """Raise `own_number_not_shown` if the number to show is not the own one, which alone may be."""
    if shown.is_own:
        return
    registration_helps = shown.registration_helps
    if facts.is_refused:
        reason = f"Our carrier lately refused to show {phone.e164} to {number.international}."
    elif not registration_helps:
        reason = f"Calls to {country_name(number.country)} cannot show {phone.e164}."
    else:
        reason = (
            f"Calls to {country_name(number.country)} show {phone.e164} only once it is "
            "registered with our carrier."
        )
    register = Hints(
        "Register it with POST caller-ids/<id>/register, or send only_my_number: false.",
        page="Register it under Caller IDs.",
        terminal=f"Register it: moby caller-id register {phone.e164}",
    )
    hint = register if registration_helps else None
    raise ProductError(
        "own_number_not_shown", reason, hint=hint, details={"operator_number": shown.e164}
    )
