"""The token of a request: read, refused, counted."""

import pytest
import time_machine
from django.test import Client

from accounts.models import AccessToken, AuditEvent, User
from accounts.tokens.lifecycle import rotate_token
from tests.accounts.later import later
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]
API = "/api/cli/v1"


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 401, "not_authenticated"),
        ("Basic bW9ieQ==", 401, "not_authenticated"),
        ("Token {secret}", 401, "not_authenticated"),
        ("bearer {secret}", 200, None),
        ("Bearer", 400, "malformed_authorization"),
        ("Bearer {secret} {secret}", 400, "malformed_authorization"),
        ("Bearer moby_pat_x", 401, "invalid_token"),
        ("Bearer {secret}x", 401, "invalid_token"),
    ],
)
def test_authorization_header_is_read_by_rfc_6750(
    client: Client, alice: User, header: str | None, status: int, code: str | None
) -> None:
    secret = new_token(alice).secret
    headers = {} if header is None else {"Authorization": header.format(secret=secret)}
    answer = client.get(f"{API}/token", headers=headers)
    assert answer.status_code == status
    if code:
        assert answer.json()["error"]["code"] == code
        assert answer["WWW-Authenticate"].startswith('Bearer realm="mobayilo"')
    if code == "malformed_authorization":
        assert answer["WWW-Authenticate"].endswith(', error="invalid_request"')
    if code == "not_authenticated":
        assert "error=" not in answer["WWW-Authenticate"]


def test_token_in_the_address_is_refused(client: Client, alice: User) -> None:
    secret = new_token(alice).secret
    assert client.get(f"{API}/token?access_token={secret}").status_code == 401
    answer = api_client(secret).get(f"{API}/token?access_token={secret}")
    assert answer.json()["error"]["code"] == "malformed_authorization"


def test_token_is_expired_at_its_very_instant(alice: User) -> None:
    made = new_token(alice)
    assert made.row.expires_at is not None
    with time_machine.travel(made.row.expires_at, tick=False):
        answer = api_client(made.secret).get(f"{API}/token")
    assert answer.json()["error"]["code"] == "token_expired"


def test_locked_user_cannot_use_a_token(alice: User) -> None:
    client = api_client(new_token(alice).secret)
    User.objects.update(is_active=False)
    assert client.get(f"{API}/token").json()["error"]["code"] == "invalid_token"


@pytest.mark.usefixtures("still_clock")
def test_bad_tokens_slow_their_address_and_not_good_ones(client: Client, alice: User) -> None:
    good = api_client(new_token(alice).secret)
    headers = {"Authorization": "Bearer moby_pat_guess"}
    answers = [client.get(f"{API}/token", headers=headers) for _ in range(61)]
    assert (answers[59].status_code, answers[60].status_code) == (401, 429)
    assert good.get(f"{API}/token").status_code == 200


def test_mistyped_token_costs_no_query(
    client: Client, django_assert_num_queries: object, db: None
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]  # pytest-django's fixture
        client.get(f"{API}/token", headers={"Authorization": "Bearer moby_pat_typo"})


def test_use_is_noted_once_in_five_minutes(alice: User) -> None:
    client = api_client(new_token(alice).secret)
    client.get(f"{API}/token", headers={"User-Agent": "moby/1.0 (linux 6; anvil)"})
    row = AccessToken.objects.get()
    assert (row.last_used_ip, row.last_used_agent) == ("127.0.0.1", "moby/1.0 (linux 6; anvil)")
    with later(minutes=4):
        client.get(f"{API}/token")
    assert AccessToken.objects.get().last_used_at == row.last_used_at
    with later(minutes=6):
        client.get(f"{API}/token")
    assert AccessToken.objects.get().last_used_at != row.last_used_at


def test_second_request_reads_once_and_writes_nothing(
    alice: User, django_assert_num_queries: object
) -> None:
    client = api_client(new_token(alice).secret)
    client.get(f"{API}/token")
    with django_assert_num_queries(1):  # type: ignore[operator]  # pytest-django's fixture
        client.get(f"{API}/token")


def test_old_secret_used_after_its_grace_is_shown_once(alice: User) -> None:
    old = new_token(alice)
    rotate_token(old.row, grace_seconds=60)
    with later(minutes=2):
        for _ in range(3):
            assert api_client(old.secret).get(f"{API}/token").status_code == 401
    assert AuditEvent.objects.filter(action="token.used_after_rotation").count() == 1
    assert alice.mails.filter(template="accounts/mail/token_reused").count() == 1


def test_missing_scope_is_named_and_shown_to_the_owner(alice: User) -> None:
    client = api_client(new_token(alice, "calls:read").secret)
    answer = client.get(f"{API}/tokens")
    assert answer.status_code == 403
    challenge = 'Bearer realm="mobayilo", error="insufficient_scope", scope="tokens:write"'
    assert answer["WWW-Authenticate"] == challenge
    for _ in range(9):
        client.get(f"{API}/tokens")
    assert AuditEvent.objects.filter(action="token.scope_denied").count() == 5
