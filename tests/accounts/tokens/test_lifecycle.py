"""Making, rotating and revoking tokens."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.guards import Guards
from accounts.models import AccessToken, AuditEvent, User
from accounts.secrets import digest, looks_like_token
from accounts.tokens.lifecycle import revoke_leaked, rotate_token
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


def test_token_creation_is_recorded_and_told(alice: User) -> None:
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


def test_leaked_tokens_are_revoked_and_told_and_others_left(alice: User) -> None:
    leaked, kept = new_token(alice), new_token(alice, name="kept")
    wrong = leaked.secret[:-1] + ("a" if leaked.secret[-1] != "a" else "b")
    assert revoke_leaked([leaked.secret, wrong, "ghp_x", leaked.secret]) == 1
    leaked.row.refresh_from_db()
    kept.row.refresh_from_db()
    assert (leaked.row.is_live, kept.row.is_live) == (False, True)
    assert "A token was found in public and revoked: ci" in mails()
