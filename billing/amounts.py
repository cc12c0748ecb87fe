"""How much may be topped up, and how people write it."""

import re
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import Account
from billing.models import TopUp
from mobayilo.lib.errors import ProductError

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


def check_amount(account: Account, amount_cents: int) -> None:
    """Raises `amount_too_small` or `amount_too_large`."""
    if amount_cents < SMALLEST_CENTS:
        raise ProductError(
            "amount_too_small",
            f"The smallest top-up is {_dollars(SMALLEST_CENTS)}.",
            details={"minimum_cents": SMALLEST_CENTS},
        )
    maximum_cents = largest_cents(account)
    if amount_cents > maximum_cents:
        raise ProductError(
            "amount_too_large",
            f"The largest top-up of this account is {_dollars(maximum_cents)}.",
            details={"maximum_cents": maximum_cents},
        )


def largest_cents(account: Account) -> int:
    """The maximum by policy: lower until the first payment is old enough to be trusted."""
    long_ago = timezone.now() - timedelta(days=settings.NEW_ACCOUNT_DAYS)
    is_known = TopUp.objects.filter(account=account, paid_at__lt=long_ago).exists()
    return int(settings.TOPUP_MAX_CENTS if is_known else settings.TOPUP_MAX_CENTS_NEW_ACCOUNT)


def _dollars(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02d}"
