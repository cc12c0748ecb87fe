"""The addresses of the product and who may open them."""

from django.test import Client

from accounts.models import User
from tests.people import PASSWORD

# Addresses that anyone may read; all others ask for a sign-in. The files under client/ are open too
# where a wheel was built.
OPEN_TO_ALL = {
    "", "client/", "healthz", "robots.txt", "readyz", "rates", "contact", "help", "numbers/check",
    ".well-known/oauth-authorization-server", "api/cli/v1/client",
    "api/cli/v1/rates/<str:country>",
    "accounts/login/", "accounts/signup/", "accounts/inactive/", "accounts/confirm-email/",
    "accounts/password/reset/", "accounts/password/reset/done/",
    "accounts/password/reset/key/done/",
}  # fmt: skip


def sign_in(user: User, *, csrf: bool = False) -> Client:
    """A browser that has just signed in with the password."""
    client = Client(enforce_csrf_checks=csrf)
    form = {"login": user.email, "password": PASSWORD}
    if csrf:
        client.get("/accounts/login/")
        form["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
    assert client.post("/accounts/login/", form).status_code == 302
    return client
