"""Addresses of the support screens."""

from accounts.models import User

TODAY = "/admin/accounts/account/today/"


def page_of(user: User) -> str:
    return f"/admin/accounts/account/{user.account.pk}/change/"
