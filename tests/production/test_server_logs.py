"""The logs of every process after a customer's journey hold no secret and no whole number."""

import json

import pytest
import requests

from accounts.oauth.endpoints import DEVICE_GRANT
from dev.customer import Customer
from dev.soak.api_customer import DESTINATION, ApiCustomer
from dev.soak.cluster import Cluster
from tests.production.conftest import PASSWORD

pytestmark = pytest.mark.production


def logs(cluster: Cluster, *names: str) -> str:
    return "\n".join(
        path.read_text() for name in names for path in sorted(cluster.folder.glob(f"{name}*.log"))
    )


def sign_a_device_in(cluster: Cluster, person: Customer) -> list[str]:
    """By its link, as a browser opens it. Returns the codes and the token."""
    form = {"client_id": "moby-cli"}
    asked = requests.post(f"{cluster.web}/oauth/device_authorization", data=form, timeout=60).json()
    person.browser.open(asked["verification_uri_complete"])
    person.approve(asked["user_code"])
    form |= {"grant_type": DEVICE_GRANT, "device_code": asked["device_code"]}
    granted = requests.post(f"{cluster.web}/oauth/token", data=form, timeout=60).json()
    return [asked["user_code"], asked["device_code"], granted["access_token"]]


def test_logs_of_a_journey_hold_nothing_secret(cluster: Cluster, caller: ApiCustomer) -> None:
    person = caller.person
    caller.call()
    login = sign_a_device_in(cluster, person)
    caller.ask("GET", f"rates?number={DESTINATION.replace('+', '%2B')}")
    secrets = [
        caller.token, *login, PASSWORD, caller.phone, DESTINATION, caller.phone[1:],
        DESTINATION[1:], person.email, person.browser.session.cookies["session"],
        cluster.env["SECRET_KEY"], cluster.env["TWILIO_AUTH_TOKEN"], cluster.env["STRIPE_API_KEY"],
    ]  # fmt: skip
    text = logs(cluster, "web", "periodic")
    assert "api/cli/v1/calls" in text
    assert [secret for secret in secrets if secret in text] == []


def test_every_line_of_the_servers_is_json(cluster: Cluster, caller: ApiCustomer) -> None:
    caller.ask("GET", "balance")
    lines = [line for line in logs(cluster, "web").splitlines() if line.strip()]
    odd = [line for line in lines if not line.startswith("{") or not json.loads(line)["logger"]]
    assert odd == []
    assert any(json.loads(line)["logger"] == "gunicorn.error" for line in lines)
