"""How long a token may live: one policy, applied on every path by the one factory."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q

from accounts.models import AccessToken, AccessTokenQuerySet, Account
from mobayilo.lib.errors import ProductError

NEVER = 0  # as a number of days
LONGEST_DAYS = 3650  # whatever the settings say; a row holds no more than 32767


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """What an account allows: the settings, tightened by staff for one account."""

    default_days: int
    max_days: int
    may_last_for_ever: bool

    def expires_at(self, *, days: int | None, now: datetime) -> datetime | None:
        """When a token asked for now ends; None for never. `days` None means the default.

        Raises `invalid_request` for a life that the policy does not allow.
        """
        if days is None:
            return now + timedelta(days=self.default_days)
        if days == NEVER and self.may_last_for_ever:
            return None
        if not 1 <= days <= self.max_days:
            message = f"A token of this account lives from 1 to {self.max_days} days."
            raise ProductError(
                "invalid_request", message, details={"fields": {"expires_in_days": [message]}}
            )
        return now + timedelta(days=days)

    def cap_days(self, days: int | None) -> int:
        """The nearest life that the policy allows, for one asked for before it was known."""
        if days is None:
            return self.default_days
        if days == NEVER:
            return NEVER if self.may_last_for_ever else self.max_days
        return max(1, min(days, self.max_days))

    def cap_life(self, life: timedelta | None) -> timedelta | None:
        """A life no longer than the policy allows; None is for ever."""
        longest = timedelta(days=self.max_days)
        if life is None:
            return None if self.may_last_for_ever else longest
        return min(life, longest)


def policy_of(account: Account) -> TokenPolicy:
    """The policy in force for an account at this moment."""
    tightened = account.token_max_days
    max_days = min(settings.TOKEN_MAX_DAYS, LONGEST_DAYS)
    if tightened is not None:
        max_days = min(max_days, tightened)
    return TokenPolicy(
        default_days=min(settings.TOKEN_DEFAULT_DAYS, max_days),
        max_days=max_days,
        may_last_for_ever=settings.TOKEN_MAY_LAST_FOR_EVER and tightened is None,
    )


def outlasting(account: Account, *, max_days: int) -> AccessTokenQuerySet:
    """Live tokens that would end earlier if no token might live longer than `max_days`."""
    too_long = Q(expires_at=None) | Q(expires_at__gt=F("created_at") + timedelta(days=max_days))
    return AccessToken.objects.live().filter(too_long, user__account=account)
