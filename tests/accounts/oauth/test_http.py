"""Every answer of the OAuth endpoints is JSON, also to requests that make no sense."""

import json

import pytest
from django.test import Client
from pytest_django import Settings

from mobayilo.lib.ratelimits import LIMITS, Limit
from tests.accounts.device_logins import FORM, GRANT, START, TOKEN

METADATA = "/.well-known/oauth-authorization-server"
pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("client_id=", "invalid_request"),
        ("client_id=other", "invalid_client"),
        ("client_id=moby-cli&client_id=moby-cli", "invalid_request"),
        ("client_id=moby-cli&scope=calls:fly", "invalid_scope"),
        ("client_id=moby-cli&expires_in_days=-1", "invalid_request"),
        ("client_id=moby-cli&expires_in_days=²", "invalid_request"),
        ("client_id=moby-cli&destinations=ZZ", "invalid_request"),
        ("client_id=moby-cli&device_name=" + "x" * 101, "invalid_request"),
        ("client_id=moby-cli&device_name=a%00b", "invalid_request"),
        ("client_id=moby-cli&device_name=a%E2%80%AEb", "invalid_request"),
    ],
)
def test_start_refuses_in_json(client: Client, body: str, error: str) -> None:
    answer = client.post(START, body, content_type=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert "WWW-Authenticate" not in answer


@pytest.mark.parametrize("path", [START, TOKEN, "/oauth/revoke"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data"])
def test_endpoints_take_forms_only(client: Client, path: str, content_type: str) -> None:
    answer = client.post(path, b'{"client_id": "moby-cli"}', content_type=content_type)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf8", "utf-16", "x", "'"])
def test_body_in_another_charset_is_refused_in_json(client: Client, charset: str) -> None:
    for path in (START, TOKEN, "/oauth/revoke"):
        answer = client.generic("POST", path, "client_id=x", f"{FORM}; charset={charset}")
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
        assert answer.json()["error"] in {"invalid_request", "invalid_client"}
    assert client.generic("POST", START, "client_id=moby-cli", f"{FORM}; charset=UTF-8").json()


@pytest.mark.parametrize("path", [START, TOKEN, "/oauth/revoke"])
def test_endpoints_answer_other_methods_in_json(client: Client, path: str) -> None:
    for answer in (client.get(path), client.put(path), client.delete(path)):
        assert (answer.status_code, answer.json()["error"]) == (405, "invalid_request")
        assert answer["Allow"] == "POST"


@pytest.mark.parametrize("name", ["device_code", "client_id", "grant_type", "device_name"])
def test_alias_refuses_half_a_character(client: Client, name: str) -> None:
    sent = {"client_id": "moby-cli", "device_code": "x", "grant_type": GRANT, name: "\ud800"}
    for path in ("/login/oauth/access_token", "/login/device/code"):
        answer = client.post(path, json.dumps(sent), content_type="application/json")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"client_id": {"a": 1}}'])
def test_alias_refuses_other_json(client: Client, body: bytes) -> None:
    answer = client.post("/login/device/code", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_request", "invalid_client"}


def test_fault_of_ours_is_shown_in_json(client: Client, settings: Settings) -> None:
    del settings.PUBLIC_URL
    answer = client.post(START, "client_id=moby-cli", content_type=FORM)
    assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    ["&".join(f"p{number}=1" for number in range(1001)), "client_id=" + "x" * 3_000_000],
)
def test_body_that_is_too_large_is_refused_in_json(client: Client, body: str) -> None:
    answer = client.post(START, body, content_type=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("body", ["client_id=%FF%FE", "%00=%00", "=&=&&&", "client_id", "\x00"])
def test_body_that_makes_no_sense_is_refused_in_json(client: Client, body: str) -> None:
    for path in (START, TOKEN, "/oauth/revoke"):
        answer = client.post(path, body, content_type=FORM)
        assert answer.status_code == 400
        assert answer.json()["error"] in {"invalid_request", "invalid_client"}


PATHS = [START, TOKEN, "/login/device/code", "/login/oauth/access_token", METADATA]


@pytest.mark.parametrize("path", PATHS)
def test_foreign_name_of_the_server_is_refused_in_json(client: Client, path: str) -> None:
    for method in ("GET", "POST"):
        answer = client.generic(method, path, b"x=1", FORM, headers={"host": "evil.example"})
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
        assert answer.json()["error"] == "invalid_request"
        assert "WWW-Authenticate" not in answer


@pytest.mark.parametrize("path", [*PATHS, "/oauth/revoke"])
@pytest.mark.usefixtures("still_clock")
def test_throttling_is_shown_in_json(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("oauth-metadata", "oauth-start", "oauth-token", "oauth-revoke"):
        monkeypatch.setitem(LIMITS, name, Limit("1/h", "ip"))
    send = client.get if path == METADATA else client.post
    answer = [send(path, content_type=FORM) for _ in range(2)][-1]
    assert (answer.status_code, answer.json()["error"]) == (429, "slow_down")
    assert 0 < int(answer["Retry-After"]) <= 3600
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/json", "no-store")


@pytest.mark.parametrize("path", ["/oauth/nothing", "/login/oauth/nothing", "/.well-known/x"])
def test_unknown_path_of_a_program_is_shown_in_json(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]) == (404, "invalid_request")
