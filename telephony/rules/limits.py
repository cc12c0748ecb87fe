"""How much one account may call: the settings, save where an operator set something else for it."""

from dataclasses import asdict, dataclass, fields
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import AnyRequest
from accounts.models import Account, User
from telephony.models import AccountLimits


@dataclass(frozen=True, slots=True)
class Limits:
    calls_at_once: int
    calls_per_hour: int
    new_numbers_per_hour: int
    spend_max_cents_per_day: int


@dataclass(frozen=True, slots=True)
class ChosenLimits:
    """The same, None where the settings decide."""

    calls_at_once: int | None = None
    calls_per_hour: int | None = None
    new_numbers_per_hour: int | None = None
    spend_max_cents_per_day: int | None = None


LIMIT_NAMES = tuple(field.name for field in fields(Limits))


def is_new(account: Account) -> bool:
    return account.created_at > timezone.now() - timedelta(days=settings.NEW_ACCOUNT_DAYS)


def limits_of(account: Account) -> Limits:
    """What holds for an account. A limit that an operator set holds for a new one too.

    One query, unless the account came with its `call_limits`.
    """
    at_once = settings.CALLS_AT_ONCE
    if is_new(account):
        at_once = min(at_once, settings.CALLS_AT_ONCE_NEW_ACCOUNT)
    usual = Limits(
        calls_at_once=at_once,
        calls_per_hour=settings.CALLS_PER_HOUR,
        new_numbers_per_hour=settings.NEW_NUMBERS_PER_HOUR,
        spend_max_cents_per_day=settings.SPEND_MAX_CENTS_PER_DAY,
    )
    row = getattr(account, "call_limits", None)
    chosen = {name: getattr(row, name, None) for name in LIMIT_NAMES}
    set_ones = {name: limit for name, limit in chosen.items() if limit is not None}
    return Limits(**(asdict(usual) | set_ones))


def set_limits(
    account: Account, chosen: ChosenLimits, *, reason: str, staff: User, request: AnyRequest
) -> AccountLimits:
    """Sets all limits of an account at once; those left out are as the settings say again."""
    facts = asdict(chosen)
    with transaction.atomic():
        row, _ = AccountLimits.objects.update_or_create(
            account=account,
            defaults={**facts, "reason": reason, "set_by": staff, "set_at": timezone.now()},
        )
        audit.record(
            "account.limits_set", account=account, user=staff, request=request,
            reason=reason, **facts,
        )  # fmt: skip
    return row
