"""Bearer tokens (RFC 6750): the token of a request, its user, and the scopes that it needs."""

import logging
from datetime import timedelta
from typing import ClassVar, Protocol

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.audit import agent_of, record
from accounts.mail import mail_token_reused
from accounts.models import AccessToken, Account, User
from accounts.secrets import digest, looks_like_token
from accounts.tokens.lookup import Joined, find_token
from mobayilo.lib.client_ip import client_ip
from mobayilo.lib.errors import REALM, ProductError, throttled
from mobayilo.lib.ratelimits import count

logger = logging.getLogger(__name__)
TOUCHED_EVERY = timedelta(minutes=5)


class BearerAuthentication(BaseAuthentication):
    """Authentication by `Authorization: Bearer moby_…` and nothing else (RFC 6750 section 2.1).

    A view may name as `joined` a model with a one-to-one `account`, read in the same query.
    """

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        secret = _bearer_secret(header, request)
        joined: Joined = getattr(request.parser_context["view"], "joined", None)
        try:
            token = identify(secret, request=request._request, joined=joined)
        except ProductError:
            # Slows down an address that tries tokens; those who have one are not affected.
            wait_seconds = count(request._request, "bad-tokens")
            if wait_seconds:
                raise throttled(wait_seconds, "Too many bad tokens from here.") from None
            raise
        _record_use(token, request._request)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return REALM


def identify(secret: str, *, request: HttpRequest, joined: Joined = None) -> AccessToken:
    """Return the token of a secret, with its user and account.

    Raise `invalid_token`, `token_expired` or `token_revoked`. A mistyped token is recognised by its
    checksum, without a query.
    """
    if not looks_like_token(secret):
        raise ProductError("invalid_token", "That is not a token of Mobayilo.")
    token = find_token(digest(secret), joined=joined)
    if token is None or not token.user.is_active:
        raise ProductError("invalid_token", "This token is unknown.")
    if token.revoked_at is not None:
        raise ProductError("token_revoked", "This token was revoked.")
    if token.expires_at is not None and token.expires_at <= timezone.now():
        _record_reuse(token, request)
        raise ProductError("token_expired", "This token has expired.")
    return token


def token_of(request: Request) -> AccessToken:
    """Return the token of an authenticated API request."""
    token = request.auth
    if not isinstance(token, AccessToken):
        raise ProductError("not_authenticated", "This needs a token.")
    return token


def user_of(request: Request) -> User:
    """Return the user of an authenticated API request."""
    return token_of(request).user


def account_of(request: Request) -> Account:
    """Return the account of an authenticated API request."""
    return token_of(request).user.account


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
        if required is None or required in token.scopes:
            return True
        # Recorded for the owner of the token, a few times an hour at most.
        if not count(request._request, "scope-denials"):
            record(
                "token.scope_denied",
                account=token.user.account,
                user=token.user,
                request=request,
                token=token,
                scope=str(required),
                name=token.name,
            )
        raise ProductError(
            "insufficient_scope",
            f"This token lacks the scope {required}.",
            details={"required_scope": str(required)},
        )


def _bearer_secret(header: str, request: Request) -> str:
    """Return the secret of an Authorization header, not verified yet.

    Raise `not_authenticated` for another scheme, and `malformed_authorization` unless the request
    has one token, in this header.
    """
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "bearer":
        raise ProductError("not_authenticated", "Only Bearer tokens are accepted.")
    words = rest.split()
    if len(words) != 1:
        raise ProductError("malformed_authorization", "The Authorization header has no one token.")
    if "access_token" in request.query_params:
        raise ProductError("malformed_authorization", "A token belongs in one place: the header.")
    return words[0]


def _record_use(token: AccessToken, request: HttpRequest) -> None:
    """Record the use of a token, at most every five minutes; a failure never fails the request."""
    now = timezone.now()
    due_before = now - TOUCHED_EVERY
    if token.last_used_at is not None and token.last_used_at > due_before:
        return
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=due_before)
    client_facts = {"last_used_ip": client_ip(request), "last_used_agent": agent_of(request)}
    try:
        with transaction.atomic():
            AccessToken.objects.filter(is_due, pk=token.pk).update(last_used_at=now, **client_facts)
    except DatabaseError:
        logger.warning("use of a token not noted", exc_info=True)
    token.last_used_at = now


def _record_reuse(token: AccessToken, request: HttpRequest) -> None:
    """Record and mail once that the old secret of a rotated token was used past its grace."""
    unnoticed = AccessToken.objects.filter(
        pk=token.pk, rotated_at__isnull=False, reuse_noticed_at=None
    )
    with transaction.atomic():
        if unnoticed.update(reuse_noticed_at=timezone.now()):
            user = token.user
            record(
                "token.used_after_rotation",
                account=user.account,
                user=user,
                request=request,
                token=token,
            )
            mail_token_reused(token)
