"""What every page's frame shows."""

from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from billing import ledger


def shell(request: HttpRequest) -> dict[str, Any]:
    """The request id, to be quoted to support, and the wallet, read only where it is shown."""
    return {
        "request_id": getattr(request, "request_id", ""),
        "wallet": SimpleLazyObject(lambda: _wallet(request)),
    }


def _wallet(request: HttpRequest) -> ledger.Balance | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    return ledger.balance_of(cast(User, user).account)
