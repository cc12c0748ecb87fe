"""A comparison of a day of our calls with Twilio's list: gaps, differences and the margin."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from django.conf import settings
from django.db.models import Q

from billing.models import AuditReport
from mobayilo.lib.money import format_micros
from telephony.calls.states import is_known, leg_has_ended
from telephony.models import Call
from telephony.numbers import country_name
from telephony.twilio import gateway
from telephony.twilio.gateway import ProviderCall, UnknownSidError

BATCH_LEGS = 500
SHOWN_DIFFERENCES = 200
# What our own calls are not: people call the operator's numbers back.
OTHERS = {"inbound": "calls to our numbers"}


@dataclass
class CountryBook:
    """The income from calls to a country, and Twilio's price of both of their legs."""

    calls: int = 0
    seconds: int = 0
    charged_micros: int = 0
    paid_micros: int = 0

    @property
    def margin(self) -> str:
        if not self.charged_micros:
            return "–"
        return f"{100 * (self.charged_micros - self.paid_micros) / self.charged_micros:.0f} %"


@dataclass
class DayBook:
    """The comparison of a day while it is made."""

    day: date
    differences: list[str] = field(default_factory=list)
    countries: defaultdict[str, CountryBook] = field(
        default_factory=lambda: defaultdict(CountryBook)
    )
    counts: Counter[str] = field(default_factory=Counter)
    seen_sids: set[str] = field(default_factory=set)

    def text(self) -> str:
        lines = [f"Calls of {self.day} (UTC), account {settings.TWILIO_ACCOUNT_SID}", ""]
        lines += [f"{name:32} {count:>8}" for name, count in sorted(self.counts.items())]
        lines += [
            "",
            f"{'country':24} {'calls':>7} {'minutes':>9} {'charged':>12} {'paid':>12} margin",
        ]
        for iso, row in sorted(self.countries.items()):
            lines.append(
                f"{country_name(iso)[:24]:24} {row.calls:>7} {row.seconds / 60:>9.1f} "
                f"{format_micros(row.charged_micros):>12} {format_micros(row.paid_micros):>12} "
                f"{row.margin:>6}"
            )
        lines += ["", *self.differences[:SHOWN_DIFFERENCES]]
        if len(self.differences) > SHOWN_DIFFERENCES:
            lines.append(f"and {len(self.differences) - SHOWN_DIFFERENCES} more")
        lines.append(
            f"{len(self.differences)} differences." if self.differences else "No difference."
        )
        return "\n".join(lines)


def reconcile_twilio(day: date) -> AuditReport:
    """Compare a UTC day and store the report for support. Raise ProductError without Twilio."""
    book = DayBook(day)
    legs = iter(gateway.calls_of_day(day))
    while batch := list(islice(legs, BATCH_LEGS)):
        sids = [sid for leg in batch for sid in (leg.sid, leg.parent_sid) if sid]
        calls: dict[str | None, Call] = {}
        for call in Call.objects.filter(Q(leg_a_sid__in=sids) | Q(leg_b_sid__in=sids)):
            calls[call.leg_a_sid] = calls[call.leg_b_sid] = call
        for leg in batch:
            book.counts["legs at Twilio"] += 1
            book.seen_sids.add(leg.sid)
            if leg.sid in calls:
                _compare_leg(book, calls[leg.sid], leg)
            else:
                _note_unknown(book, leg, is_child_of_ours=leg.parent_sid in calls)
    _find_missing(book)
    return AuditReport.objects.create(
        subject=AuditReport.Subject.TWILIO,
        day=day,
        difference_count=len(book.differences),
        text=book.text(),
    )


def _note_unknown(book: DayBook, leg: ProviderCall, *, is_child_of_ours: bool) -> None:
    """Add a leg that no call here has: one of another use of the account, a trial, or a gap."""
    is_client = leg.direction == "inbound" and leg.caller.startswith("client:call_")
    is_placed = leg.direction == "outbound-api" and leg.caller == settings.TWILIO_FROM_NUMBER
    if not (is_child_of_ours or is_client or is_placed):
        book.counts[OTHERS.get(leg.direction, "other calls of the account")] += 1
        return
    if not leg.seconds:
        return
    # A trial leads to our own number, which no customer's call does.
    children = gateway.find_children(leg.sid)
    if any(child.called == settings.TWILIO_FROM_NUMBER for child in children):
        book.counts["trial calls of check_live"] += 1
    else:
        book.differences.append(f"{leg.sid}: Twilio billed {leg.seconds} s, unknown here")


def _compare_leg(book: DayBook, call: Call, leg: ProviderCall) -> None:
    is_b = leg.sid == call.leg_b_sid
    ours = (call.leg_b_seconds if is_b else call.leg_a_seconds) or 0
    where = f"{call.public_id} leg {'B' if is_b else 'A'}"
    if not is_known(leg.status) or not leg_has_ended(leg.status):
        book.counts["legs still under way"] += 1
        return
    if call.settled_at is None:
        book.differences.append(f"{where}: over at Twilio, and not settled here")
    elif ours != (leg.seconds or 0):
        book.differences.append(f"{where}: {leg.seconds or 0} s at Twilio, {ours} s here")
    paid = call.leg_b_paid_micros if is_b else call.leg_a_paid_micros
    if paid is not None and leg.price_micros is not None and paid != leg.price_micros:
        prices = f"{format_micros(leg.price_micros)} at Twilio, {format_micros(paid)} here"
        book.differences.append(f"{where}: price {prices}")
    country = book.countries[call.to_country]
    country.paid_micros += leg.price_micros or 0
    if leg.currency != gateway.CURRENCY:
        book.counts[f"legs priced in {leg.currency}, left out"] += 1
    elif leg.seconds and leg.price_micros is None:
        book.counts["legs without Twilio's price yet"] += 1
    if is_b and leg.seconds:
        country.calls += 1
        country.seconds += ours
        country.charged_micros += call.cost_micros or 0


def _find_missing(book: DayBook) -> None:
    """Add our legs that Twilio does not have.

    A leg that the list of the day lacks is asked for, since a call may go on over midnight.
    """
    start = datetime.combine(book.day, time(), UTC)
    ours = Call.objects.filter(created_at__gte=start, created_at__lt=start + timedelta(days=1))
    for call in ours.iterator(chunk_size=BATCH_LEGS):
        book.counts["calls here"] += 1
        legs = [(call.leg_a_sid, call.leg_a_seconds), (call.leg_b_sid, call.leg_b_seconds)]
        for sid, seconds in legs:
            if sid and seconds and sid not in book.seen_sids:
                try:
                    gateway.fetch_call(sid)
                except UnknownSidError:
                    book.differences.append(f"{call.public_id}: {sid} is unknown to Twilio")
