"""Limits of tokens: their life, their number, and the users who may make one."""

import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from accounts.tokens.lifecycle import MAX_LIVE_TOKENS, revoke_token, rotate_token
from mobayilo.lib.errors import ProductError
from tests.people import new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_token_lives_as_the_policy_says(alice: User, settings: Settings) -> None:
    made = new_token(alice)
    assert made.row.expires_at == made.row.created_at + timedelta(days=30)
    alice.account.token_max_days = 10
    alice.account.save()
    tight = new_token(alice, name="tight")
    assert tight.row.expires_at == tight.row.created_at + timedelta(days=10)
    for days in (11, 0, -1):
        with pytest.raises(ProductError, match="from 1 to 10 days"):
            new_token(alice, name="long", days=days)


def test_token_lasts_for_ever_only_where_the_operator_allows(
    alice: User, settings: Settings
) -> None:
    settings.TOKEN_MAY_LAST_FOR_EVER = True
    assert new_token(alice, days=0).row.expires_at is None
    alice.account.token_max_days = 365
    alice.account.save()
    with pytest.raises(ProductError):
        new_token(alice, name="more", days=0)


def test_token_name_is_unique_among_those_in_use(alice: User, bob: User) -> None:
    first = new_token(alice)
    new_token(bob)
    with pytest.raises(ProductError, match="choose another"):
        new_token(alice)
    revoke_token(first.row, reason="by hand")
    new_token(alice)


@pytest.mark.parametrize("scopes", [("calls:fly",), ()])
def test_token_needs_scopes_that_exist(alice: User, scopes: tuple[str, ...]) -> None:
    with pytest.raises(ProductError) as refusal:
        new_token(alice, *(scopes or ("",)))
    assert list(refusal.value.details["fields"]) == ["scopes"]


def test_token_needs_a_confirmed_address_and_an_active_user(alice: User) -> None:
    EmailAddress.objects.filter(user=alice).update(verified=False)
    with pytest.raises(ProductError) as unverified:
        new_token(alice)
    assert unverified.value.code == "email_unverified"
    EmailAddress.objects.filter(user=alice).update(verified=True)
    User.objects.update(is_active=False)
    with pytest.raises(ProductError) as locked:
        new_token(alice)
    assert locked.value.code == "invalid_token"


def test_rotation_is_cut_to_a_policy_that_became_tighter(alice: User) -> None:
    old = new_token(alice, days=90).row
    alice.account.token_max_days = 7
    alice.account.save()
    fresh = rotate_token(old).row
    assert fresh.expires_at == fresh.created_at + timedelta(days=7)


@pytest.mark.django_db(transaction=True)
def test_token_limit_holds_against_makers_at_once(alice: User) -> None:
    for number in range(MAX_LIVE_TOKENS - 2):
        new_token(alice, name=f"t{number}")
    codes: list[str] = []

    def make(number: int) -> None:
        try:
            new_token(alice, name=f"late{number}")
        except ProductError as error:
            codes.append(error.code)
        connection.close()

    threads = [threading.Thread(target=make, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == ["too_many_tokens"] * 4
