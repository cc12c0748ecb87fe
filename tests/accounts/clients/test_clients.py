"""Clients of RFC 8628 that others wrote log in, unchanged, over real sockets."""

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import requests_oauth2client
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from django.db import connection, connections
from msal.oauth2cli.oauth2 import Client as MsalClient
from oauthlib.oauth2 import DeviceClient
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from requests_oauthlib import OAuth2Session

from accounts.models import AccessToken, User
from accounts.secrets import digest
from tests.accounts.device_logins import GRANT, approve, deny

pytestmark = pytest.mark.django_db(transaction=True)
HERE = Path(__file__).parent
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None or not (HERE / "node_modules").is_dir(),
    reason="needs Node and `npm ci` in tests/accounts/clients",
)
Decide = Callable[[str], None]


@pytest.fixture
def issuer(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    # The threads of connections that clients keep open hold none to the database.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    settings.PUBLIC_URL = live_server.url
    return live_server.url


@pytest.fixture
def approve_later(alice: User) -> Decide:
    """Approve a code half a second from now, while the client polls."""

    def decide(user_code: str) -> None:
        def work() -> None:
            time.sleep(0.5)
            approve(user_code, alice)
            connection.close()

        threading.Thread(target=work).start()

    return decide


def check(secret: str, issuer: str) -> None:
    """The token works, and is the only one."""
    answer = requests.get(
        f"{issuer}/api/cli/v1/token", headers={"Authorization": f"Bearer {secret}"}, timeout=10
    )
    assert answer.json()["scopes"] == ["calls:read"]
    assert AccessToken.objects.get().digest == digest(secret)


def started(issuer: str) -> dict[str, Any]:
    sent = {"client_id": "moby-cli", "scope": "calls:read"}
    answer = requests.post(f"{issuer}/oauth/device_authorization", data=sent, timeout=10)
    return dict(answer.json())


def test_authlib_logs_in(issuer: str, alice: User) -> None:
    session = AuthlibSession("moby-cli", token_endpoint_auth_method="none")
    start = session.post(
        f"{issuer}/oauth/device_authorization",
        data={"client_id": "moby-cli", "scope": "calls:read"},
        withhold_token=True,
    ).json()
    asked = {"grant_type": GRANT, "device_code": start["device_code"]}
    with pytest.raises(OAuthError, match="authorization_pending"):
        session.fetch_token(f"{issuer}/oauth/token", **asked)
    with pytest.raises(OAuthError, match="slow_down"):
        session.fetch_token(f"{issuer}/oauth/token", **asked)
    approve(start["user_code"], alice)
    token = session.fetch_token(f"{issuer}/oauth/token", **asked)
    check(token["access_token"], issuer)


def test_msal_logs_in(issuer: str, approve_later: Decide) -> None:
    endpoints = {
        "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
        "token_endpoint": f"{issuer}/oauth/token",
    }
    client = MsalClient(endpoints, "moby-cli")
    flow = client.initiate_device_flow(scope=["calls:read"])
    approve_later(flow["user_code"])
    check(client.obtain_token_by_device_flow(flow)["access_token"], issuer)


def test_msal_is_shown_of_a_refusal(issuer: str, alice: User) -> None:
    endpoints = {
        "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
        "token_endpoint": f"{issuer}/oauth/token",
    }
    client = MsalClient(endpoints, "moby-cli")
    flow = client.initiate_device_flow(scope=["calls:read"])
    deny(flow["user_code"], alice)
    assert client.obtain_token_by_device_flow(flow)["error"] == "access_denied"


def test_requests_oauth2client_logs_in(issuer: str, approve_later: Decide) -> None:
    client = requests_oauth2client.OAuth2Client(
        token_endpoint=f"{issuer}/oauth/token",
        device_authorization_endpoint=f"{issuer}/oauth/device_authorization",
        client_id="moby-cli",
        testing=True,
    )
    start = client.authorize_device(scope="calls:read")
    approve_later(start.user_code)
    job = requests_oauth2client.DeviceAuthorizationPollingJob(client, start)
    token = None
    while token is None:
        token = job()
    check(token.access_token, issuer)


def test_requests_oauthlib_logs_in(
    issuer: str, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    start = started(issuer)
    session = OAuth2Session(client=DeviceClient("moby-cli", scope=["calls:read"]))
    asked = {"include_client_id": True, "device_code": start["device_code"]}
    with pytest.raises(CustomOAuth2Error, match="authorization_pending"):
        session.fetch_token(f"{issuer}/oauth/token", **asked)
    approve(start["user_code"], alice)
    check(session.fetch_token(f"{issuer}/oauth/token", **asked)["access_token"], issuer)


@needs_node
@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("openid_client.mjs", ["discovery"]),
        ("openid_client.mjs", ["manual"]),
        ("octokit_device.mjs", []),
    ],
)
def test_client_from_npm_logs_in(
    issuer: str, approve_later: Decide, script: str, arguments: list[str]
) -> None:
    with subprocess.Popen(
        [str(NODE), str(HERE / script), issuer, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        approve_later(json.loads(process.stdout.readline())["user_code"])
        token = json.loads(process.stdout.read())
    assert process.returncode == 0
    check(token["access_token"], issuer)
