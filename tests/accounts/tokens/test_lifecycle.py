"""Tokens: made within the policy, rotated and revoked."""

import threading
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.guards import Guards
from accounts.models import AccessToken, AuditEvent, User
from accounts.secrets import digest, looks_like_token
from accounts.tokens.lifecycle import MAX_LIVE_TOKENS, revoke_leaked, revoke_token, rotate_token
from mobayilo.lib.errors import ProductError
from tests.accounts.mails import mails
from tests.people import new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_token_is_stored_as_a_digest_only(alice: User) -> None:
    made = new_token(alice, "calls:read")
    assert looks_like_token(made.secret)
    assert made.row.digest == digest(made.secret)
    assert made.row.last_four == made.secret[-4:]
    stored = str(list(AccessToken.objects.values())) + str(list(AuditEvent.objects.values()))
    assert made.secret[9:] not in stored


def test_token_creation_is_recorded_and_shown(alice: User) -> None:
    made = new_token(alice)
    event = AuditEvent.objects.get(action="token.created")
    assert (event.user, event.token_public_id) == (alice, made.row.public_id)
    assert mails() == ["A token was made: ci"]
    assert made.secret not in mail.outbox[0].body


def test_rotation_keeps_what_the_token_is(alice: User) -> None:
    old = new_token(alice, "calls:write", max_cents_per_day=500, destinations="GB")
    new = rotate_token(old.row)
    assert new.secret != old.secret
    for name in ("name", "kind", "scopes", "guards", "line", "user"):
        assert getattr(new.row, name) == getattr(old.row, name)
    assert new.row.guards == Guards(max_cents_per_day=500, destinations=("GB",))
    assert new.row.rotated_from == old.row
    assert mails()[-1] == "A token was replaced: ci"


def test_rotated_token_works_through_its_grace_only(alice: User) -> None:
    old = new_token(alice).row
    rotate_token(old, grace_seconds=60)
    old.refresh_from_db()
    assert old.is_live
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert not old.is_live
    other = new_token(alice, name="b").row
    rotate_token(other, grace_seconds=0)
    other.refresh_from_db()
    assert not other.is_live


def test_second_rotation_of_an_old_token_harms_nothing(alice: User) -> None:
    old = new_token(alice).row
    fresh = rotate_token(old).row
    with pytest.raises(ProductError) as refusal:
        rotate_token(old)
    assert refusal.value.code == "token_already_rotated"
    fresh.refresh_from_db()
    assert fresh.is_live
    assert AccessToken.objects.count() == 2


def test_leaked_tokens_are_revoked_and_shown_and_others_left(alice: User) -> None:
    leaked, kept = new_token(alice), new_token(alice, name="kept")
    wrong = leaked.secret[:-1] + ("a" if leaked.secret[-1] != "a" else "b")
    assert revoke_leaked([leaked.secret, wrong, "ghp_x", leaked.secret]) == 1
    leaked.row.refresh_from_db()
    kept.row.refresh_from_db()
    assert (leaked.row.is_live, kept.row.is_live) == (False, True)
    assert "A token was found in public and revoked: ci" in mails()


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
