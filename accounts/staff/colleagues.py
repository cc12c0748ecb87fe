"""Limits of acting for others: staff never for themselves, only a superuser for a colleague."""

from collections.abc import Iterable

from accounts.models import Account, User
from mobayilo.lib.errors import ProductError


def refuse_self_and_colleagues(staff: User, accounts: Iterable[Account | None]) -> None:
    """Raise `insufficient_scope` for an act on one's own account, or on that of a colleague.

    In their own account staff are customers. A colleague's factor, sessions and tokens guard other
    people's accounts, and a colleague's balance is an invitation.
    """
    touched = {account.pk for account in accounts if account is not None}
    if staff.account_id in touched:
        raise ProductError(
            "insufficient_scope",
            "This is your own account. Staff do not act for themselves: ask a colleague.",
            hint="",
        )
    if staff.is_superuser:
        return
    colleague = User.objects.filter(account__in=touched, is_staff=True).first()
    if colleague is not None:
        raise ProductError(
            "insufficient_scope", f"Ask a superuser: {colleague} is a colleague.", hint=""
        )
