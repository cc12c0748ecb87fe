"""Making the people of the tests, their tokens, and clients that speak for them."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client

from accounts.guards import parse_guards
from accounts.models import AccessToken, Scope, User
from accounts.tokens.lifecycle import NewToken, TokenSpec, create_token

PASSWORD = "correct horse battery"


def person(email: str, **fields: Any) -> User:
    """Make a user who has confirmed the email address."""
    user = User.objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def staff(group: str) -> User:
    """Make a user of the staff, in the group `support`, `finance` or `operator`."""
    user = person(f"{group}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def new_token(
    user: User,
    *scopes: str,
    kind: str = AccessToken.Kind.PERSONAL,
    name: str = "ci",
    days: int | None = None,
    **guards: Any,
) -> NewToken:
    """Make a token with the scopes named, or with every scope."""
    spec = TokenSpec(
        kind=kind,
        name=name,
        scopes=scopes or tuple(Scope.values),
        expires_in_days=days,
        guards=parse_guards(guards),
    )
    return create_token(user, spec)


def api_client(secret: str) -> Client:
    """Return a client that sends this token with each request."""
    return Client(headers={"Authorization": f"Bearer {secret}"})


def api_of(user: User) -> Client:
    """A terminal of this user, with every right."""
    return api_client(new_token(user).secret)
