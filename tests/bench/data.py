"""A customer with money and a token to measure with."""

from dataclasses import dataclass
from functools import cache

from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from accounts.models import AccessToken, Scope, User
from accounts.tokens.lifecycle import TokenSpec, create_token
from billing.ledger import Cause, post
from billing.models import Book, Transfer
from telephony.models import CallerId

DOLLAR = 1_000_000


@dataclass(frozen=True)
class Measured:
    """One customer, with a token of ours and one of knox."""

    user: User
    secret: str
    knox_secret: str


def new_customer(email: str, *, dollars: int) -> tuple[User, str]:
    """A user with a confirmed address and money, and the secret of a token for everything."""
    user = User.objects.create_user(email, "correct horse battery")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    spec = TokenSpec(
        kind=AccessToken.Kind.PERSONAL, name="bench", scopes=tuple(str(scope) for scope in Scope)
    )
    cause = Cause(f"bench:{email}", Book.ADJUSTMENTS, Transfer.Kind.ADJUSTMENT)
    post(account=user.account, amount_micros=dollars * DOLLAR, cause=cause)
    return user, create_token(user, spec).secret


def new_caller(email: str, e164: str, *, dollars: int) -> tuple[User, str]:
    """A customer with a proven phone, and the secret of a token."""
    user, secret = new_customer(email, dollars=dollars)
    CallerId.objects.create(
        account=user.account,
        e164=e164,
        country="GB",
        is_default=True,
        verified_at=timezone.now(),
    )
    return user, secret


def browser(secret: str = "") -> Client:
    """A client in this process, with a token if one is given."""
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return Client(headers=headers, SERVER_NAME="localhost")


@cache
def customer() -> Measured:
    user, secret = new_customer("bench@example.org", dollars=20)
    _, knox_secret = AuthToken.objects.create(user)
    return Measured(user, secret, knox_secret)
