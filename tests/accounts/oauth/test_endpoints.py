"""The OAuth endpoints, as RFC 8628 and RFC 6749 say."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.models import DEVICE_DEFAULT, AccessToken, DeviceLogin, Scope, User
from tests.accounts.device_logins import FORM, GRANT, START, TOKEN, approve, poll, start

METADATA = "/.well-known/oauth-authorization-server"
pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_start_answers_what_section_3_2_asks_for(client: Client) -> None:
    answer = client.post(START, "client_id=moby-cli", content_type=FORM)
    body = answer.json()
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", body["user_code"])
    assert (body["expires_in"], body["interval"]) == (600, 5)
    assert body["verification_uri"] == "http://localhost:8000/device"
    assert body["verification_uri_complete"].endswith(f"/device?user_code={body['user_code']}")
    assert len(body["device_code"]) == 43


def test_start_enforces_what_it_advertises(client: Client) -> None:
    body = start(client)
    row = DeviceLogin.objects.get()
    assert row.interval_seconds == body["interval"]
    assert row.expires_at - row.created_at == timedelta(seconds=body["expires_in"])


def test_start_stores_digests_only(client: Client) -> None:
    body = start(client)
    stored = str(list(DeviceLogin.objects.values()))
    assert body["device_code"] not in stored
    assert body["user_code"] not in stored
    assert body["user_code"].replace("-", "") not in stored


@pytest.mark.parametrize("days", ["3651", "32768", "99999999999", "9" * 3999])
def test_long_life_is_cut_to_what_can_be(client: Client, alice: User, days: str) -> None:
    body = start(client, expires_in_days=days)
    approve(body["user_code"], alice, days=DeviceLogin.objects.get().expires_in_days)
    assert poll(client, body["device_code"])[1]["expires_in"] == pytest.approx(365 * 86400, abs=5)


def test_empty_parameter_counts_as_absent_and_unknown_ones_are_ignored(client: Client) -> None:
    start(client, scope="", device_name="", surprise="yes")
    assert DeviceLogin.objects.get().scopes == sorted(DEVICE_DEFAULT)
    assert "tokens:write" not in DEVICE_DEFAULT


def test_token_answer_is_never_stored(client: Client, alice: User) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    sent = {"grant_type": GRANT, "client_id": "moby-cli", "device_code": body["device_code"]}
    answer = client.post(TOKEN, urlencode(sent), content_type=FORM)
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"device_code": ""}, "invalid_request"),
        ({"device_code": "unknown"}, "invalid_grant"),
        ({"client_id": ""}, "invalid_request"),
        ({"client_id": "other"}, "invalid_client"),
    ],
)
def test_poll_refuses_what_section_3_4_does_not_allow(
    client: Client, changes: dict[str, str], error: str
) -> None:
    code = start(client)["device_code"]
    status, body = poll(client, code, **changes)
    assert (status, body["error"]) == (400, error)


@pytest.mark.usefixtures("still_clock")
def test_start_is_throttled_in_json(client: Client) -> None:
    answers = [client.post(START, "client_id=moby-cli", content_type=FORM) for _ in range(21)]
    assert [a.status_code for a in answers[:20]] == [200] * 20
    assert answers[-1].status_code == 429
    assert answers[-1].json()["error"] == "slow_down"
    assert int(answers[-1]["Retry-After"]) >= 1


def test_pending_logins_of_one_address_are_limited(client: Client) -> None:
    start(client)
    row = DeviceLogin.objects.get()
    for number in range(29):
        row.pk, row.device_code_digest, row.user_code_digest = None, f"d{number}", f"u{number}"
        row.save()
    answer = client.post(START, "client_id=moby-cli", content_type=FORM)
    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")


def test_revocation_answers_200_for_any_token(client: Client, alice: User) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    secret = poll(client, body["device_code"])[1]["access_token"]
    for token in (secret, secret, "unknown", "moby_pat_x"):
        sent = {"token": token, "token_type_hint": "nonsense", "client_id": "moby-cli"}
        answer = client.post("/oauth/revoke", urlencode(sent), content_type=FORM)
        assert (answer.status_code, answer.content) == (200, b"")
    assert not AccessToken.objects.get().is_live


def test_metadata_names_the_endpoints_by_the_issuer_of_the_settings(client: Client) -> None:
    answer = client.get(METADATA, headers={"host": "localhost"})
    assert answer.json() == {
        "issuer": "http://localhost:8000",
        "device_authorization_endpoint": "http://localhost:8000" + START,
        "token_endpoint": "http://localhost:8000" + TOKEN,
        "revocation_endpoint": "http://localhost:8000/oauth/revoke",
        "grant_types_supported": [GRANT],
        "scopes_supported": list(Scope.values),
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
    }


def test_metadata_is_only_read() -> None:
    refused = Client(enforce_csrf_checks=True).post(METADATA)
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")


def test_description_is_in_the_ascii_of_the_rfc(client: Client) -> None:
    sent = {"client_id": "moby-cli", "destinations": "ZZ"}
    told = client.post(START, urlencode(sent), FORM).json()["error_description"]
    assert "'ZZ' is no country, such as GB" in told


def test_alias_speaks_json(client: Client, alice: User) -> None:
    sent = {"client_id": "moby-cli", "scope": "calls:read"}
    body = client.post("/login/device/code", sent, content_type="application/json").json()
    approve(body["user_code"], alice)
    sent = {"client_id": "moby-cli", "device_code": body["device_code"], "grant_type": GRANT}
    answer = client.post("/login/oauth/access_token", sent, content_type="application/json")
    assert answer.json()["scope"] == "calls:read"
