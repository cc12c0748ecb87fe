"""The audit log: the events of an account, with user and place."""

from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import AccessToken, Account, AuditEvent, User
from accounts.secrets import hide_tokens
from mobayilo.lib.client_ip import client_ip

AnyRequest = HttpRequest | Request | None

_VIA_BY_PATH = {
    "/admin/": "staff",
    "/api/": "api",
    "/oauth/": "api",
    "/login/": "api",
    "/webhooks/": "webhook",
}


def record(
    action: str,
    *,
    account: Account | None,
    user: User | None = None,
    request: AnyRequest = None,
    token: AccessToken | None = None,
    **facts: Any,
) -> AuditEvent:
    """Append one event, in the caller's transaction. `action` is `subject.what_happened`.

    `facts` are JSON values; a token in them is cut to its kind before it is written. `account` is
    None only for an event before any user is known, or one that concerns all accounts.
    """
    plain = plain_request(request)
    path = plain.path if plain else ""
    via = next((via for start, via in _VIA_BY_PATH.items() if path.startswith(start)), "web")
    return AuditEvent.objects.create(
        account=account,
        user=user,
        action=action,
        via=via if plain else "system",
        token_public_id=token.public_id if token else "",
        ip=ip_of(plain),
        user_agent=agent_of(plain),
        request_id=getattr(plain, "request_id", ""),
        facts=hide_tokens(facts),
    )


def plain_request(request: AnyRequest) -> HttpRequest | None:
    """Return Django's request inside that of the REST framework."""
    return request._request if isinstance(request, Request) else request


def ip_of(request: AnyRequest) -> str | None:
    plain = plain_request(request)
    return client_ip(plain) if plain else None


def agent_of(request: HttpRequest | None) -> str:
    """Return the client's own name, cut to what a row holds, without control characters."""
    if request is None:
        return ""
    agent = request.headers.get("User-Agent", "")
    return "".join(char for char in agent if char.isprintable())[:200]
