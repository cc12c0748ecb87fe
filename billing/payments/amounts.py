"""How much may be topped up, and how people write it."""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from accounts.models import Account
from billing.models import TopUp
from mobayilo.lib.errors import ProductError
from mobayilo.lib.formatting import format_money
from mobayilo.lib.money import MICROS_PER_CENT

SMALLEST_CENTS = 500
PRESETS_CENTS = (1_000, 2_000, 5_000, 10_000)
_PLAIN = re.compile(r"\$?\s?([0-9]{1,9})(?:\.([0-9]{1,2}))?")


def read_amount(text: str) -> int:
    """Cents of `20`, `20.00` or `$20`. Raises `invalid_amount`.

    A comma is refused rather than guessed at: `1,000` and `1,50` mean different things to
    different people.
    """
    written = _PLAIN.fullmatch(text.strip())
    if written is None:
        problem = "a comma may mean two things" if "," in text else "that is no amount of dollars"
        raise ProductError("invalid_amount", f"Write dollars and cents, such as 20.00: {problem}.")
    whole, cents = written.groups(default="")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


def check_amount(amount_cents: int, *, first_paid_at: datetime | None) -> None:
    """Raises `amount_too_small` or `amount_too_large`."""
    if amount_cents < SMALLEST_CENTS:
        raise ProductError(
            "amount_too_small",
            f"The smallest top-up is {format_money(SMALLEST_CENTS * MICROS_PER_CENT)}.",
            details={"minimum_cents": SMALLEST_CENTS},
        )
    maximum_cents = largest_cents(first_paid_at)
    if amount_cents > maximum_cents:
        largest = format_money(maximum_cents * MICROS_PER_CENT)
        raise ProductError(
            "amount_too_large",
            f"The largest top-up of this account is {largest}.",
            details={"maximum_cents": maximum_cents},
        )


def first_payment_of(account: Account) -> datetime | None:
    """When an account first paid; None if it never did."""
    paid = TopUp.objects.filter(account=account, status=TopUp.Status.PAID)
    first: datetime | None = paid.aggregate(Min("paid_at"))["paid_at__min"]
    return first


def largest_cents(first_paid_at: datetime | None) -> int:
    """The maximum by policy: lower until the first payment is old enough to be trusted."""
    trusted_since = timezone.now() - timedelta(days=settings.NEW_ACCOUNT_DAYS)
    is_known = first_paid_at is not None and first_paid_at < trusted_since
    return int(settings.TOPUP_MAX_CENTS if is_known else settings.TOPUP_MAX_CENTS_NEW_ACCOUNT)
