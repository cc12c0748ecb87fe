"""The API about tokens and sessions, over HTTP."""

import pytest
from django.test import Client

from accounts.models import AccessToken, AuditEvent, User
from accounts.tokens.lifecycle import rotate_token
from tests.accounts.later import later
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]
API = "/api/cli/v1"


def test_token_shows_itself(alice: User) -> None:
    made = new_token(alice, "calls:read", max_cents_per_day=500, destinations="GB")
    answer = api_client(made.secret).get(f"{API}/token")
    body = answer.json()
    assert set(body) == {
        "id", "name", "kind", "device", "last_four", "scopes", "created_at", "expires_at",
        "last_used_at", "guards",
    }  # fmt: skip
    assert body["guards"] == {
        "max_cents_per_day": 500,
        "max_cents_per_call": None,
        "destinations": ["GB"],
        "caller_ids": None,
    }
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Token-Expires-At"] == f"{made.row.expires_at:%Y-%m-%dT%H:%M:%SZ}"


def test_token_ends_itself(alice: User) -> None:
    client = api_client(new_token(alice, "calls:read").secret)
    assert client.delete(f"{API}/token").status_code == 204
    refused = client.get(f"{API}/token")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "token_revoked")
    assert refused["WWW-Authenticate"] == 'Bearer realm="mobayilo", error="invalid_token"'


def test_any_token_rotates_itself(alice: User) -> None:
    old = new_token(alice, "calls:read")
    answer = api_client(old.secret).post(f"{API}/token/rotate", {}, "application/json")
    body = answer.json()
    assert (answer.status_code, body["scopes"], body["name"]) == (200, ["calls:read"], "ci")
    assert "X-Token-Expires-At" not in answer
    shown = api_client(body["token"]).get(f"{API}/token")
    assert shown["X-Token-Expires-At"][:19] == body["expires_at"][:19]
    assert api_client(old.secret).get(f"{API}/token").status_code == 200
    with later(hours=25):
        assert api_client(old.secret).get(f"{API}/token").status_code == 401


def test_rotation_without_grace_ends_the_old_secret(alice: User) -> None:
    client = api_client(new_token(alice).secret)
    answer = client.post(f"{API}/token/rotate", {"grace_seconds": 0}, "application/json")
    assert answer.status_code == 200
    assert client.get(f"{API}/token").json()["error"]["code"] == "token_expired"


def test_rotation_is_recorded_with_its_successor(alice: User) -> None:
    old = new_token(alice)
    answer = api_client(old.secret).post(
        f"{API}/token/rotate", {"grace_seconds": 60}, "application/json"
    )
    event = AuditEvent.objects.get(action="token.rotated")
    assert (event.user, event.token_public_id) == (alice, old.row.public_id)
    assert (event.facts["successor"], event.facts["grace"]) == (answer.json()["id"], 60)
    assert "by_token" not in event.facts


@pytest.mark.parametrize("body", [{"grace_seconds": -1}, {"grace_seconds": 86_401}, {"grace": 1}])
def test_rotation_refuses_what_it_does_not_know(alice: User, body: dict[str, int]) -> None:
    answer = api_client(new_token(alice).secret).post(
        f"{API}/token/rotate", body, "application/json"
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_tokens_are_listed_newest_first(alice: User, bob: User) -> None:
    secret = new_token(alice, name="first").secret
    new_token(alice, name="second")
    rotated = new_token(bob, name="not mine").row
    rotate_token(rotated)
    body = api_client(secret).get(f"{API}/tokens").json()
    assert [item["name"] for item in body["items"]] == ["second", "first"]
    assert body["next_cursor"] is None


def test_token_is_made_by_a_token(alice: User) -> None:
    client = api_client(new_token(alice, "tokens:write", "calls:read").secret)
    asked = {
        "name": "robot",
        "scopes": ["calls:read"],
        "expires_in_days": 7,
        "guards": {"max_cents_per_day": 100},
    }
    answer = client.post(f"{API}/tokens", asked, "application/json")
    assert answer.status_code == 201
    robot = api_client(answer.json()["token"]).get(f"{API}/token").json()
    assert (robot["name"], robot["guards"]["max_cents_per_day"]) == ("robot", 100)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"scopes": ["billing:write"]}, 403, "insufficient_scope"),
        ({"scopes": []}, 400, "invalid_request"),
        ({"scopes": ["calls:fly"]}, 400, "invalid_request"),
        ({"name": ""}, 400, "invalid_request"),
        ({"name": "maker"}, 400, "invalid_request"),
        ({"expires_in_days": 366}, 400, "invalid_request"),
        ({"expires_in_days": 0}, 400, "invalid_request"),
        ({"guards": {"destinations": ["ZZ"]}}, 400, "invalid_request"),
        ({"guards": {"max_dollars": 5}}, 400, "invalid_request"),
        ({"surprise": 1}, 400, "invalid_request"),
    ],
)
def test_token_made_by_a_token_is_no_wider(
    alice: User, asked: dict[str, object], status: int, code: str
) -> None:
    client = api_client(new_token(alice, "tokens:write", "calls:read", name="maker").secret)
    body = {"name": "robot", "scopes": ["calls:read"], **asked}
    answer = client.post(f"{API}/tokens", body, "application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert AccessToken.objects.count() == 1


def test_token_made_by_a_token_lives_no_longer(alice: User) -> None:
    maker = new_token(alice, days=3)
    asked = {"name": "robot", "scopes": ["calls:read"]}
    answer = api_client(maker.secret).post(f"{API}/tokens", asked, "application/json")
    assert AccessToken.objects.get(name="robot").expires_at == maker.row.expires_at
    assert answer.status_code == 201


def test_guarded_token_makes_no_others(alice: User) -> None:
    client = api_client(new_token(alice, max_cents_per_day=100).secret)
    asked = {"name": "robot", "scopes": ["calls:read"]}
    answer = client.post(f"{API}/tokens", asked, "application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "guard_tokens")


def test_token_ends_another_of_its_user_only(alice: User, bob: User) -> None:
    mine, foreign = new_token(alice, name="mine").row, new_token(bob).row
    client = api_client(new_token(alice, name="boss").secret)
    assert client.delete(f"{API}/tokens/{mine.public_id}").status_code == 204
    event = AuditEvent.objects.get(action="token.revoked")
    boss = AccessToken.objects.get(name="boss")
    assert (event.user, event.token_public_id) == (alice, mine.public_id)
    assert event.facts["by_token"] == boss.public_id
    for gone in (mine.public_id, foreign.public_id, "tok_unknown"):
        answer = client.delete(f"{API}/tokens/{gone}")
        said = answer.json()["error"]["message"]
        assert (answer.status_code, said) == (404, f"There is no token {gone} in your account.")
    assert AccessToken.objects.live().count() == 2


def test_sessions_are_devices_and_say_which_one_asks(alice: User) -> None:
    new_token(alice, name="ci")
    new_token(alice, kind="dev", name="old laptop")
    secret = new_token(alice, kind="dev", name="laptop").secret
    items = api_client(secret).get(f"{API}/sessions").json()["items"]
    assert [(item["device"], item["current"]) for item in items] == [
        ("laptop", True),
        ("old laptop", False),
    ]
    assert set(items[0]) == {
        "id", "device", "client", "ip", "created_at", "expires_at", "last_used_at", "current",
    }  # fmt: skip


def test_session_is_ended_by_its_id(alice: User) -> None:
    device = new_token(alice, kind="dev", name="lost").row
    hand_made = new_token(alice)
    client = api_client(hand_made.secret)
    assert client.delete(f"{API}/sessions/{hand_made.row.public_id}").status_code == 404
    assert client.delete(f"{API}/sessions/{device.public_id}").status_code == 204
    assert not AccessToken.objects.get(pk=device.pk).is_live


def test_leaked_tokens_end_and_the_answer_shows_nothing(client: Client, alice: User) -> None:
    leaked = new_token(alice)
    for tokens in ([leaked.secret, "ghp_nothing"], ["moby_pat_x"], [leaked.secret]):
        answer = client.post(f"{API}/tokens/leaked", {"tokens": tokens}, "application/json")
        assert (answer.status_code, answer.content) == (202, b"{}")
    assert not AccessToken.objects.get().is_live
    event = AuditEvent.objects.get(action="token.revoked")
    assert (event.account, event.user, event.via) == (alice.account, None, "api")


@pytest.mark.parametrize("tokens", [[], ["x"] * 101, "x", [{"a": 1}], ["x" * 300]])
def test_leaked_tokens_are_a_list_of_up_to_a_hundred(client: Client, tokens: object) -> None:
    answer = client.post(f"{API}/tokens/leaked", {"tokens": tokens}, "application/json")
    assert answer.status_code == 400
