"""The API about money."""

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.models import TopUp
from tests.billing.payments.starting import URL, start
from tests.billing.stripe_sandbox import StripeSandbox
from tests.people import api_of

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_api_stays_within_its_queries(
    stripe_sandbox: StripeSandbox,
    alice: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    api = api_of(alice)
    api.get(URL)  # notes that the token was used
    with django_assert_max_num_queries(12 + 4):  # four are BEGIN and COMMIT, twice
        topup = start(api, 500)["topup_id"]
    with django_assert_max_num_queries(3):
        api.get(f"{URL}/{topup}")
    for path in ("topups", "transactions", "balance"):
        with django_assert_max_num_queries(3):
            api.get(f"/api/cli/v1/{path}")


def test_topup_of_a_stranger_is_not_found(topup: TopUp, charlie: User, bob: User) -> None:
    path = f"{URL}/{topup.public_id}"
    assert api_of(charlie).get(path).status_code == 404
    assert api_of(bob).get(path).status_code == 200
