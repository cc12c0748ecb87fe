"""The number that the called person sees: the rules about it, and what a quote promises by them.

The rules go by the country of the phone and the country that is called. They are a CSV text in
versions: the newest that an operator stored and did not withdraw, or else `shown_numbers.csv`. The
most specific row with a value decides, the phone's country first.
"""

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import product
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts import audit
from accounts.audit import AnyRequest
from accounts.models import User
from mobayilo.lib.errors import Hints, ProductError
from telephony.models import Call, CallerId, Registration, ShownNumberRules
from telephony.numbers import Number, country_name, find_country

COLUMNS = [
    "phone_country", "called_country", "own_number", "operator_number", "source", "checked_on"
]  # fmt: skip
ANY = "*"
ALWAYS, REGISTERED, NEVER = "always", "registered", "never"
SHIPPED = Path(__file__).with_name("shown_numbers.csv")
MAX_TEXT = 100_000
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# A number that the carrier refused to show to another is not tried again for this long.
REFUSAL_REMEMBERED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule. An empty `own_number` or `operator_number` leaves that to a less specific row."""

    own_number: str
    operator_number: str
    source: str
    checked_on: str


@dataclass(frozen=True, slots=True)
class Rules:
    """A version of the rules, its rows by the country of the phone and the country called."""

    digest: str
    rows: dict[tuple[str, str], RuleRow]

    def own_number(self, phone_country: str, called_country: str) -> str:
        """Return `always`, `registered` or `never`."""
        rows = self._from_specific(phone_country, called_country)
        return next(row.own_number for row in rows if row.own_number)

    def operator_number(self, phone_country: str, called_country: str) -> str:
        """Return the operator's number for a country, by default the one that rings customers."""
        rows = self._from_specific(phone_country, called_country)
        default: str = settings.TWILIO_FROM_NUMBER
        return next((row.operator_number for row in rows if row.operator_number), default)

    def asks_for_registration(self, phone_country: str) -> bool:
        """Report whether some country shows a phone of this country only once it is registered."""
        return any(
            row.own_number == REGISTERED
            for (phone, _), row in self.rows.items()
            if phone in (phone_country, ANY)
        )

    @property
    def operator_numbers(self) -> set[str]:
        named = {row.operator_number for row in self.rows.values() if row.operator_number}
        return {settings.TWILIO_FROM_NUMBER, *named}

    def _from_specific(self, phone_country: str, called_country: str) -> list[RuleRow]:
        phones, called = (phone_country, ANY), (called_country, ANY)
        return [self.rows[pair] for pair in product(phones, called) if pair in self.rows]


def read_rules(text: str) -> Rules:
    """Return the rules of a CSV text. Raise `invalid_request` with every fault in its message."""
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames != COLUMNS:
        raise ProductError("invalid_request", f"The first line has to be {','.join(COLUMNS)}.")
    rows: dict[tuple[str, str], RuleRow] = {}
    faults = []
    for line in reader:
        pair = (line["phone_country"] or "", line["called_country"] or "")
        row = RuleRow(*(str(line[name] or "").strip() for name in COLUMNS[2:]))
        faults += [f"line {reader.line_num}: {fault}" for fault in _faults(pair, row, rows)]
        rows[pair] = row
    if not rows.get((ANY, ANY), RuleRow("", "", "", "")).own_number:
        faults.append("a row *,* with own_number has to decide what no other row does")
    if faults:
        raise ProductError("invalid_request", "; ".join(faults[:20]))
    return Rules(hashlib.sha256(text.encode()).hexdigest(), rows)


def _faults(pair: tuple[str, str], row: RuleRow, rows: dict[tuple[str, str], RuleRow]) -> list[str]:
    """Return a sentence for each fault of a rule for two countries; `rows` has those before it."""
    strange = [iso for iso in pair if iso != ANY and find_country(iso) != iso]
    faults = [f"{iso or 'nothing'} is no country code" for iso in strange]
    if pair in rows:
        faults.append(f"{','.join(pair)} is there twice")
    if row.own_number not in ("", ALWAYS, REGISTERED, NEVER):
        faults.append(f"own_number has to be {ALWAYS}, {REGISTERED}, {NEVER} or empty")
    if row.operator_number and not _E164.fullmatch(row.operator_number):
        faults.append(f"{row.operator_number} is no number such as +12025550100")
    if not (row.own_number or row.operator_number):
        faults.append("own_number or operator_number has to be given")
    if not row.source:
        faults.append("source has to say where the rule is from")
    try:
        date.fromisoformat(row.checked_on)
    except ValueError:
        faults.append("checked_on has to be a day such as 2026-11-30")
    return faults


def versions() -> QuerySet[ShownNumberRules]:
    """Return the versions that were not withdrawn, the one in force first."""
    return ShownNumberRules.objects.filter(withdrawn_at=None).order_by("-id")


@lru_cache(maxsize=4)
def rules_of(digest: str | None) -> Rules:
    """Return the rules of the version in force, whose digest was read; None: the shipped rules."""
    if digest is None:
        return read_rules(SHIPPED.read_text(encoding="utf-8"))
    text = ShownNumberRules.objects.filter(digest=digest).values_list("text", flat=True)[0]
    return read_rules(text)


def current_rules() -> Rules:
    """Return the rules in force."""
    return rules_of(versions().values_list("digest", flat=True).first())


def current_text() -> str:
    """Return the text of the rules in force."""
    text = versions().values_list("text", flat=True).first()
    return SHIPPED.read_text(encoding="utf-8") if text is None else text


def differences(before: Rules, after: Rules) -> list[str]:
    """Return a line for each row that was added, removed or changed."""
    lines = []
    for pair in sorted({*before.rows, *after.rows}):
        old, new = before.rows.get(pair), after.rows.get(pair)
        if old != new:
            sign = "+" if old is None else "-" if new is None else "~"
            lines.append(f"{sign} {pair[0]} to {pair[1]}: {_words(old)} → {_words(new)}")
    return lines


def _words(row: RuleRow | None) -> str:
    if row is None:
        return "no rule"
    return f"{row.own_number or '(own: as elsewhere)'} {row.operator_number}".strip()


def store_rules(
    text: str, *, reason: str, staff: User | None = None, request: AnyRequest = None
) -> ShownNumberRules:
    """Store a version, in force from now on. The version that is in force is not stored again."""
    rules = read_rules(text)
    with transaction.atomic():
        newest = versions().select_for_update().first()
        if newest is not None and newest.digest == rules.digest:
            return newest
        stored = ShownNumberRules.objects.create(
            text=text,
            digest=rules.digest,
            row_count=len(rules.rows),
            reason=reason,
            stored_by=staff,
        )
        audit.record(
            "shown_numbers.set", account=None, user=staff, request=request,
            rules=stored.pk, rows=stored.row_count, reason=reason,
        )  # fmt: skip
    return stored


def withdraw_rules(
    version: ShownNumberRules, *, reason: str, staff: User | None = None, request: AnyRequest = None
) -> bool:
    """Withdraw a version; the one before it is in force again. Return False on a repetition."""
    with transaction.atomic():
        standing = ShownNumberRules.objects.filter(pk=version.pk, withdrawn_at=None)
        if not standing.update(withdrawn_at=timezone.now()):
            return False
        audit.record(
            "shown_numbers.withdrawn", account=None, user=staff, request=request,
            rules=version.pk, reason=reason,
        )  # fmt: skip
    return True


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
    """Raise `own_number_not_shown` if a call that may show its own number only shows another."""
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
