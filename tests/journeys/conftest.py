"""Customers of the running product, for journeys."""

from collections.abc import Callable, Iterator

import pytest

from dev.customer import Customer
from dev.stack import Stack

PASSWORD = "correct horse battery staple"
PHONE = "+447400123456"


@pytest.fixture(scope="session")
def new_customer(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Customer]:
    """Signs a person up in the browser; they have an empty home and no device yet."""

    def sign_up(name: str) -> Customer:
        home = tmp_path_factory.mktemp(name)
        customer = Customer(stack, f"{home.name}@example.org", PASSWORD, home)
        customer.browser.sign_up(customer.email, customer.password)
        return customer

    return sign_up


@pytest.fixture(scope="session")
def alice(new_customer: Callable[[str], Customer]) -> Customer:
    """Signed in, with a proven phone and $20.00. Journeys leave her money as they found it."""
    customer = new_customer("alice")
    customer.log_in_with_token()
    customer.prove(PHONE)
    customer.top_up("20")
    return customer


@pytest.fixture(scope="session")
def charlie(new_customer: Callable[[str], Customer]) -> Customer:
    """A stranger: signed in, without a phone and without money."""
    customer = new_customer("charlie")
    customer.log_in_with_token()
    return customer


@pytest.fixture(scope="module")
def books_are_right(stack: Stack) -> Iterator[None]:
    """Recomputes every balance when the journeys of a file have ended."""
    yield
    audit = stack.manage("audit_ledger", check=False)
    assert audit.returncode == 0, audit.stdout
