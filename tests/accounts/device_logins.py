"""A device and a person of the tests: both speak HTTP only, or approve in one step."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client

from accounts.models import User
from accounts.oauth import device_login
from accounts.oauth.device_login import Approval

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
START = "/oauth/device_authorization"
TOKEN = "/oauth/token"
FORM = "application/x-www-form-urlencoded"

Answer = dict[str, Any]


def start(client: Client, **parameters: Any) -> Answer:
    sent = {"client_id": "moby-cli", **parameters}
    answer = client.post(START, urlencode(sent), content_type=FORM)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def poll(client: Client, device_code: str, /, **changes: Any) -> tuple[int, Answer]:
    sent = {"grant_type": GRANT, "client_id": "moby-cli", "device_code": device_code, **changes}
    answer = client.post(TOKEN, urlencode(sent), content_type=FORM)
    return answer.status_code, dict(answer.json())


def approve(user_code: str, user: User, *scopes: str, days: int | None = None) -> bool:
    """Approve as the pages do, without the pages."""
    row = device_login.claim(user_code, user=user)
    if row is None:
        return False
    approval = Approval(
        scopes=scopes or tuple(row.scopes),
        token_name=row.token_name or "laptop",
        expires_in_days=days,
        guards=row.guards,
    )
    return device_login.approve(row, approval, user=user, request=None)


def deny(user_code: str, user: User) -> bool:
    row = device_login.claim(user_code, user=user)
    return row is not None and device_login.deny(row, user=user, request=None)
