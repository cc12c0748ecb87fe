"""Bearer tokens (RFC 6750): who makes this request."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import AccessToken, Account, User
from accounts.secrets import digest, looks_like_token
from mobayilo.lib.challenges import REALM
from mobayilo.lib.errors import ProductError


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer moby_…` and nothing else (RFC 6750 section 2.1)."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        header = request.headers.get("Authorization", "")
        scheme, _, secret = header.partition(" ")
        if not header:
            return None
        if scheme.lower() != "bearer":
            raise ProductError("not_authenticated", "Only Bearer tokens are accepted.")
        return self.identify(secret.strip())

    def identify(self, secret: str) -> tuple[User, AccessToken]:
        """The user and token of a secret.

        Raises `invalid_token`, `token_expired` or `token_revoked`.
        """
        if not looks_like_token(secret):
            raise ProductError("invalid_token", "That is not a token of Mobayilo.")
        token = (
            AccessToken.objects.select_related("user__account")
            .filter(digest=digest(secret), user__is_active=True)
            .first()
        )
        if token is None:
            raise ProductError("invalid_token", "This token is unknown.")
        if token.revoked_at is not None:
            raise ProductError("token_revoked", "This token was revoked.")
        if token.expires_at is not None and token.expires_at <= timezone.now():
            raise ProductError("token_expired", "This token has expired.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return REALM


def token_of(request: Request) -> AccessToken:
    """The token of an authenticated API request."""
    token = request.auth
    if not isinstance(token, AccessToken):
        raise ProductError("not_authenticated", "This needs a token.")
    return token


def user_of(request: Request) -> User:
    """The user of an authenticated API request."""
    return token_of(request).user


def account_of(request: Request) -> Account:
    """The account of an authenticated API request."""
    return token_of(request).user.account
