"""The context of the frame around every page."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from billing import ledger
from mobayilo.lib.seller import read_seller


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the request id, to be quoted to support, and the balance, read only if shown."""

    def read_balance() -> ledger.Balance | None:
        user = getattr(request, "user", None)
        return ledger.balance_of(user.account) if isinstance(user, User) else None

    return {
        "request_id": getattr(request, "request_id", ""),
        "wallet": SimpleLazyObject(read_balance),
        "seller": read_seller(),
    }
