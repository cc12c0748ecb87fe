"""The scopes that a request needs of its token."""

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
    """A view with the scope that each of its methods needs; None means any token."""

    scopes: ClassVar[dict[str, str | None]]


class HasScope(BasePermission):
    """Refuse a token that lacks the scope named in a view's `scopes` for the method."""

    def has_permission(self, request: Request, view: ScopedView) -> bool:  # type: ignore[override]  # every view of ours is scoped
        token = token_of(request)
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in view.scopes:
            raise MethodNotAllowed(method)
        required = view.scopes[method]
        if required is not None and required not in token.scopes:
            _record_denial(request, token, required)
            raise ProductError(
                "insufficient_scope",
                f"This token lacks the scope {required}.",
                details={"required_scope": str(required)},
            )
        return True


def _record_denial(request: Request, token: AccessToken, scope: str) -> None:
    """Record for the owner, a few times an hour at most, that a token lacked a scope."""
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
