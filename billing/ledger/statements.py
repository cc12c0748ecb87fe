"""Statements: the movements of an account, those of a month, and what they come to."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from accounts.models import Account
from billing.models import Transfer
from mobayilo.lib.money import format_micros

COLUMNS = ("when", "id", "kind", "description", "reference", "amount_usd", "balance_after_usd")


@dataclass(frozen=True, slots=True)
class Month:
    """A month of an account in UTC: what it began with, what moved, what it ended with."""

    first: date
    opening_micros: int
    closing_micros: int
    sums: list[tuple[str, int]]
    transfers: QuerySet[Transfer]

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def movements(
    account: Account,
    *,
    kind: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Transfer]:
    """The account's transfers, newest first, both instants included."""
    transfers = Transfer.objects.of(account).order_by("-id")
    if kind:
        transfers = transfers.filter(kind=kind)
    if since:
        transfers = transfers.filter(created_at__gte=since)
    if until:
        transfers = transfers.filter(created_at__lte=until)
    return transfers


def begin_of(day: date) -> datetime:
    """The first instant of a day in UTC, as months are: whoever reads, and wherever they are."""
    return datetime.combine(day, time.min, UTC)


def end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)


def month_of(account: Account, first: date) -> Month:
    """The statement of one month, with its arithmetic: opening, sums by kind, closing."""
    start = begin_of(first)
    end = begin_of(date(first.year + first.month // 12, first.month % 12 + 1, 1))
    mine = Transfer.objects.of(account)
    inside = mine.filter(created_at__gte=start, created_at__lt=end)
    by_kind = inside.order_by("kind").values_list("kind").annotate(Sum("amount_micros"))
    sums = [(str(Transfer.Kind(kind).label), total) for kind, total in by_kind]
    before = mine.filter(created_at__lt=start).aggregate(total=Sum("amount_micros"))
    opening = before["total"] or 0
    return Month(
        first=first,
        opening_micros=opening,
        closing_micros=opening + sum(total for _, total in sums),
        sums=sums,
        transfers=inside.order_by("id"),
    )


def months_of(account: Account, *, today: date) -> list[date]:
    """The months since the account's first movement, newest first."""
    earliest = Transfer.objects.of(account).order_by("id").first()
    if earliest is None:
        return []
    first = earliest.created_at.date().replace(day=1)
    months = [today.replace(day=1)]
    while months[-1] > first:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months


def csv_lines(transfers: QuerySet[Transfer]) -> Iterator[str]:
    """Lines of CSV with a heading, one at a time, however many there are."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for one in transfers.iterator(chunk_size=1_000):
        yield writer.writerow(
            (
                one.created_at.isoformat(timespec="seconds"),
                one.public_id,
                one.kind,
                one.description,
                one.reference,
                format_micros(one.amount_micros),
                format_micros(one.balance_after_micros),
            )
        )


def json_lines(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One JSON array, a movement a line."""
    before = "["
    for item in items:
        yield f"{before}\n{json.dumps(item, ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


class _Echo:
    """Hands back what csv.writer would write."""

    def write(self, line: str) -> str:
        return line
