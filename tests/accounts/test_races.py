"""Two things at once, on connections of their own: exactly one happens."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import pytest
from django.db import connection
from django.test import Client

from accounts.models import AccessToken, AuditEvent, DeviceLogin, User
from accounts.oauth import device_login
from accounts.oauth.device_login import Approval
from accounts.tokens.lifecycle import MAX_LIVE_TOKENS, revoke_token, revoke_tokens, rotate_token
from mobayilo.lib.errors import ProductError
from tests.accounts.browser import enter_code, sign_in
from tests.accounts.device_logins import approve, poll, start
from tests.database import ON_SQLITE
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.db]
READ_ONLY = "SET default_transaction_read_only = on"
T = TypeVar("T")


def at_once(actions: Sequence[Callable[[], T]]) -> list[T]:
    """Run the actions together, each on its own thread and connection. Return their results."""
    gate = threading.Barrier(len(actions))
    results: dict[int, T] = {}

    def run(number: int) -> None:
        try:
            gate.wait()
            results[number] = actions[number]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in sorted(results)]


def say_yes(row: DeviceLogin, user: User) -> bool:
    approval = Approval(
        scopes=tuple(row.scopes), token_name="laptop", expires_in_days=30, guards=row.guards
    )
    return device_login.approve(row, approval, user=user, request=None)


def claimed(client: Client, user: User) -> tuple[dict[str, Any], DeviceLogin]:
    body = start(client)
    row = device_login.claim(body["user_code"], user=user)
    assert row is not None
    return body, row


def test_twenty_polls_of_an_approved_login_give_one_token(client: Client, alice: User) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    answers = at_once([lambda: poll(Client(), body["device_code"])] * 20)
    assert sorted(status for status, _ in answers) == [200] + [400] * 19
    assert {answer["error"] for status, answer in answers if status == 400} == {"invalid_grant"}
    assert AccessToken.objects.count() == 1


def test_twenty_polls_of_a_pending_login_lose_no_approval(client: Client, alice: User) -> None:
    body, row = claimed(client, alice)
    polls: list[Callable[[], Any]] = [lambda: poll(Client(), body["device_code"])] * 10
    done = at_once([*polls, lambda: say_yes(row, alice)])
    assert done[-1] is True
    statuses = [answer[0] for answer in done[:-1]]
    if 200 not in statuses:
        assert poll(client, body["device_code"])[0] == 200
    assert AccessToken.objects.count() == 1


@pytest.mark.usefixtures("still_clock")
def test_wrong_user_codes_at_once_are_looked_up_five_times(alice: User) -> None:
    browsers = [sign_in(alice) for _ in range(12)]
    guesses = [partial(enter_code, browser, "BBBB-BBBB") for browser in browsers]
    statuses = sorted(answer.status_code for answer in at_once(guesses))
    assert statuses == [400] * 5 + [429] * 7


@pytest.mark.parametrize("attempt", range(3))
def test_deny_against_approve_leaves_one_answer(client: Client, alice: User, attempt: int) -> None:
    body, row = claimed(client, alice)
    approved, denied = at_once(
        [
            lambda: say_yes(row, alice),
            lambda: device_login.deny(row, user=alice, request=None),
        ]
    )
    assert approved is not denied
    status, answer = poll(client, body["device_code"])
    assert (status == 200) is approved
    assert denied is (answer.get("error") == "access_denied")
    assert AuditEvent.objects.filter(action__startswith="device_login.").count() == 1


@pytest.mark.parametrize("attempt", range(3))
def test_two_accounts_entering_one_code_give_it_to_one(
    client: Client, alice: User, charlie: User, attempt: int
) -> None:
    body = start(client)
    won = at_once(
        [lambda: approve(body["user_code"], alice), lambda: approve(body["user_code"], charlie)]
    )
    assert sorted(won) == [False, True]
    poll(client, body["device_code"])
    assert AccessToken.objects.get().user == (alice if won[0] else charlie)


def test_use_against_revocation_never_fails_and_then_stops(alice: User) -> None:
    made = new_token(alice)

    def use() -> int:
        return api_client(made.secret).get("/api/cli/v1/token").status_code

    def revoke() -> int:
        revoke_token(made.row, reason="by hand")
        return 0

    statuses = at_once([use] * 5 + [revoke] + [use] * 5)
    assert set(statuses) <= {0, 200, 401}
    assert use() == 401


def test_ten_rotations_at_once_give_one_successor(alice: User) -> None:
    made = new_token(alice)

    def rotate() -> str:
        try:
            rotate_token(made.row)
        except ProductError as refusal:
            return refusal.code
        return "rotated"

    assert sorted(at_once([rotate] * 10)) == ["rotated", *["token_already_rotated"] * 9]
    assert AccessToken.objects.count() == 2


def test_last_token_of_a_user_is_made_once(alice: User) -> None:
    AccessToken.objects.bulk_create(
        AccessToken(user=alice, name=f"t{n}", kind="pat", digest=f"{n}", line=f"{n}")
        for n in range(MAX_LIVE_TOKENS - 1)
    )

    def make(number: int) -> str:
        try:
            new_token(alice, name=f"robot {number}")
        except ProductError as refusal:
            return refusal.code
        return "made"

    made = at_once([partial(make, number) for number in range(6)])
    assert sorted(made) == ["made", *["too_many_tokens"] * 5]


@pytest.mark.skipif(ON_SQLITE, reason="SQLite has neither lock nor setting of these kinds")
@pytest.mark.parametrize("trouble", ["SET lock_timeout = '100ms'", READ_ONLY])
def test_use_that_cannot_be_noted_fails_nothing(
    alice: User, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    made = new_token(alice)
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor, connection.cursor() as mine:
            cursor.execute("SELECT 1 FROM accounts_accesstoken FOR UPDATE")
            mine.execute(trouble)
            answer = api_client(made.secret).get("/api/cli/v1/token")
    finally:
        connection.close()  # the setting goes with it
        other.rollback()
        other.close()
    assert (answer.status_code, answer.json()["id"]) == (200, made.row.public_id)
    assert "use of a token not noted" in caplog.text
    assert AccessToken.objects.get().last_used_at is None


@pytest.mark.parametrize("attempt", range(3))
def test_no_rotation_escapes_a_revocation_of_all(alice: User, attempt: int) -> None:
    tokens = [new_token(alice, name=f"t{number}").row for number in range(5)]

    def rotate(token: AccessToken) -> None:
        with suppress(ProductError):
            rotate_token(token)

    def revoke() -> None:
        mine = AccessToken.objects.live().for_user(alice)
        revoke_tokens(mine, actor=alice, reason="by hand")

    rotations: list[Callable[[], None]] = [partial(rotate, token) for token in tokens]
    at_once([*rotations, revoke])
    assert not AccessToken.objects.live().exists()


def test_requests_of_one_key_at_once_rotate_once(alice: User) -> None:
    made = new_token(alice)

    def rotate() -> tuple[int, Any]:
        headers = {"Idempotency-Key": "one"}
        answer = api_client(made.secret).post(
            "/api/cli/v1/token/rotate", {}, "application/json", headers=headers
        )
        return answer.status_code, answer.json()

    answers = at_once([rotate] * 6)
    assert {status for status, _ in answers} <= {200, 409}
    secrets = {body["token"] for status, body in answers if status == 200}
    assert len(secrets) == 1
    refused = {body["error"]["code"] for status, body in answers if status == 409}
    assert refused <= {"idempotency_in_progress"}
