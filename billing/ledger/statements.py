"""Statements: the transfers of an account, those of a month, and their sums."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.models import Account
from billing.models import Transfer
from mobayilo.lib.csv_lines import as_text
from mobayilo.lib.money import format_micros

COLUMNS = ("when", "id", "kind", "description", "reference", "amount_usd", "balance_after_usd")


@dataclass(frozen=True, slots=True)
class Month:
    """A month of an account: its opening balance, its transfers, its closing balance.

    Days and months are those of the active time zone: the reader's on pages, UTC in the API.
    """

    first: date
    opening_micros: int
    closing_micros: int
    sums: list[tuple[str, int]]
    transfers: QuerySet[Transfer]

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def transfers_of(
    account: Account,
    *,
    kind: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Transfer]:
    """Return the account's transfers, the newest first; both instants are included."""
    transfers = Transfer.objects.of(account).order_by("-id")
    if kind:
        transfers = transfers.filter(kind=kind)
    if since:
        transfers = transfers.filter(created_at__gte=since)
    if until:
        transfers = transfers.filter(created_at__lte=until)
    return transfers


def begin_of(day: date) -> datetime:
    """Return the first instant of a day in the active time zone."""
    return _instant_of(day, time.min)


def end_of(day: date) -> datetime:
    return _instant_of(day, time.max)


def _instant_of(day: date, at: time) -> datetime:
    """Return a time of a day in the active time zone; at the ends of the calendar in UTC."""
    try:
        return timezone.make_aware(datetime.combine(day, at)).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, at, UTC)


def month_of(account: Account, first: date) -> Month:
    """Return the statement of one month: opening balance, sums by kind, closing balance."""
    start = begin_of(first)
    end = begin_of(date(first.year + first.month // 12, first.month % 12 + 1, 1))
    all_transfers = Transfer.objects.of(account)
    inside = all_transfers.filter(created_at__gte=start, created_at__lt=end)
    by_kind = inside.order_by("kind").values_list("kind").annotate(Sum("amount_micros"))
    sums = [(str(Transfer.Kind(kind).label), total) for kind, total in by_kind]
    before = all_transfers.filter(created_at__lt=start).aggregate(total=Sum("amount_micros"))
    opening = before["total"] or 0
    return Month(
        first=first,
        opening_micros=opening,
        closing_micros=opening + sum(total for _, total in sums),
        sums=sums,
        transfers=inside.order_by("id"),
    )


def months_of(account: Account, *, today: date) -> list[date]:
    """Return the months since the account's first transfer, the newest first."""
    earliest = Transfer.objects.of(account).order_by("id").first()
    if earliest is None:
        return []
    first = timezone.localdate(earliest.created_at).replace(day=1)
    months = [today.replace(day=1)]
    while months[-1] > first:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months


def csv_rows(transfers: QuerySet[Transfer], zone: tzinfo) -> Iterator[tuple[str, ...]]:
    """Yield the heading and a row for each transfer.

    Times are in `zone`, since the active time zone ends with the request, before the streaming.
    """
    yield COLUMNS
    for transfer in transfers.iterator(chunk_size=1_000):
        yield (
            transfer.created_at.astimezone(zone).isoformat(timespec="seconds"),
            transfer.public_id,
            transfer.kind,
            as_text(transfer.description),
            as_text(transfer.reference),
            format_micros(transfer.amount_micros),
            format_micros(transfer.balance_after_micros),
        )


def json_lines(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one JSON array with a transfer on each line."""
    before = "["
    for item in items:
        yield f"{before}\n{json.dumps(item, ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"
