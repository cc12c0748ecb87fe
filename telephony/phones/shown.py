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
    registered_at: datetime | None
    refused_at: datetime | None


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
    phone: CallerId, number: Number, facts: ShownFacts, *, only_own: bool, mode: Call.Mode
) -> ShownNumber:
    """Return the number to show. Raises `own_number_not_shown` if only the own one may be."""
    rule = facts.rules.own_number(phone.country, number.country)
    if mode == Call.Mode.COMPUTER and rule == ALWAYS:
        # A client's leg shows numbers that were bought or registered, and no others
        # (https://www.twilio.com/docs/api/errors/13214).
        rule = REGISTERED
    if phone.e164 == number.e164:
        rule = NEVER  # no carrier connects a number to itself
    is_registered = facts.registered_at is not None
    is_refused = facts.refused_at is not None and (
        facts.registered_at is None or facts.registered_at < facts.refused_at
    )
    operator = facts.rules.operator_number(phone.country, number.country)
    if not is_refused and (rule == ALWAYS or (rule != NEVER and is_registered)):
        return ShownNumber(phone.e164, True, None if only_own else operator, False)
    registration_helps = rule != NEVER and not is_registered
    if not only_own:
        return ShownNumber(operator, False, None, registration_helps)
    if is_refused:
        reason = f"Our carrier lately refused to show {phone.e164} to {number.international}."
    elif rule == NEVER:
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
        "own_number_not_shown", reason, hint=hint, details={"operator_number": operator}
    )
