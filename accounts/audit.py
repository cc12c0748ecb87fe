"""The audit log: what happened to an account, by whom, from where."""

from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import AccessToken, Account, AuditEvent, User
from accounts.secrets import hide_tokens
from mobayilo.lib.client_ip import client_ip

AnyRequest = HttpRequest | Request | None

_VIA = {"/api/": "api", "/oauth/": "api", "/login/": "api", "/webhooks/": "webhook"}
_VIA_ADMIN = "/admin/"


def record(
    action: str,
    *,
    account: Account | None,
    user: User | None = None,
    request: AnyRequest = None,
    token: AccessToken | None = None,
    **facts: Any,
) -> AuditEvent:
    """Appends one event, in the caller's transaction. `action` is `subject.what_happened`.

    `facts` are JSON values; a token among them is cut to its kind before it is written.
    `account` is None only for what happens before anybody is known, or concerns everybody.
    """
    plain = plain_request(request)
    return AuditEvent.objects.create(
        account=account,
        user=user,
        action=action,
        via=_via(plain),
        token_public_id=token.public_id if token else "",
        ip=ip_of(plain),
        user_agent=agent_of(plain),
        request_id=getattr(plain, "request_id", ""),
        facts=hide_tokens(facts),
    )


def plain_request(request: AnyRequest) -> HttpRequest | None:
    """Django's request inside that of the REST framework."""
    return request._request if isinstance(request, Request) else request


def ip_of(request: AnyRequest) -> str | None:
    plain = plain_request(request)
    return client_ip(plain) if plain else None


def agent_of(request: HttpRequest | None) -> str:
    """The client as it calls itself, cut to what a row holds; control characters dropped."""
    if request is None:
        return ""
    agent = request.headers.get("User-Agent", "")
    return "".join(char for char in agent if char.isprintable())[:200]


def _via(request: HttpRequest | None) -> str:
    if request is None:
        return "system"
    if request.path.startswith(_VIA_ADMIN):
        return "staff"
    return next((via for start, via in _VIA.items() if request.path.startswith(start)), "web")
