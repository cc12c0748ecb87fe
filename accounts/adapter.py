"""Where allauth leads after a change of password."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's defaults, and the question of what becomes of the tokens."""

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:tokens-review")
