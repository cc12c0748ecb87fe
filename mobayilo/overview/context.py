"""The context of the frame around every page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.terms import must_accept
from billing import ledger
from mobayilo.lib.seller import missing_legal_pages, read_seller


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the variables of the frame around every page.

    The balance and whether the terms have to be accepted cost a query only on pages that show them.
    A page of an error may have a request without a user.
    """

    def read_balance() -> ledger.Balance | None:
        user = getattr(request, "user", None)
        return ledger.balance_of(user.account) if isinstance(user, User) else None

    def read_acceptance() -> bool:
        user = getattr(request, "user", None)
        return isinstance(user, User) and must_accept(user)

    return {
        "request_id": getattr(request, "request_id", ""),
        "wallet": SimpleLazyObject(read_balance),
        "seller": read_seller(),
        "site_url": settings.PUBLIC_URL,
        "has_legal_pages": not missing_legal_pages(),
        "must_accept_terms": SimpleLazyObject(read_acceptance),
    }
