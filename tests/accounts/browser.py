"""A person with a browser, speaking HTTP through the real pages."""

import time
from typing import Any

from django.test import Client

from accounts.models import User
from tests.people import PASSWORD


def sign_in(user: User, client: Client | None = None, **more: Any) -> Client:
    """A client signed in through the sign-in page."""
    client = client or Client()
    sent = {"login": user.email, "password": PASSWORD, **more}
    answer = client.post("/accounts/login/", sent)
    assert answer.status_code == 302, answer.content
    return client


def wait_past_sudo(client: Client) -> None:
    """As if the session had been signed in an hour ago."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - 3600
    session.save()


def enter_code(client: Client, user_code: str) -> Any:  # noqa: ANN401 - the type of the test client's answers has no name
    return client.post("/device", {"user_code": user_code})


def shown_terms(client: Client, path: str = "/device/confirm") -> dict[str, Any]:
    """The form of a page as a browser would send it unchanged."""
    form = client.get(path).context["form"]
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {name: value for name, value in values.items() if value not in (None, "")}
