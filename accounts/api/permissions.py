"""Whether a token may do what a request asks."""

from typing import ClassVar, Protocol

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.api.authentication import token_of
from accounts.audit import record
from accounts.models import AccessToken
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ratelimits import count


class ScopedView(Protocol):
    """A view that says which scope each of its methods needs; None means any token."""

    scopes: ClassVar[dict[str, str | None]]


class HasScope(BasePermission):
    """Holds a view's `scopes`, one entry a method: a scope, or None for any token."""

    def has_permission(self, request: Request, view: ScopedView) -> bool:  # type: ignore[override]  # every view of ours is scoped
        token = token_of(request)
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in view.scopes:
            raise MethodNotAllowed(method)
        required = view.scopes[method]
        if required is not None and required not in token.scopes:
            _note_denial(request, token, required)
            raise ProductError(
                "insufficient_scope",
                f"This token lacks the scope {required}.",
                details={"required_scope": str(required)},
            )
        return True


def _note_denial(request: Request, token: AccessToken, scope: str) -> None:
    """Tells the owner that a token tried what it may not, a few times an hour at most."""
    if count(request._request, "scope-denials"):
        return
    user = token.user
    record(
        "token.scope_denied",
        account=user.account,
        user=user,
        request=request,
        token=token,
        scope=str(scope),
        name=token.name,
    )
