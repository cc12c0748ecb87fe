"""The OAuth endpoints: device login (RFC 8628), revocation (RFC 7009), metadata (RFC 8414)."""

import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.audit import agent_of
from accounts.guards import parse_guards
from accounts.models import DEVICE_DEFAULT, AccessToken, DeviceLogin, Scope
from accounts.oauth import device_login
from accounts.oauth.device_login import CLIENTS, DeviceRequest, shown_code
from accounts.oauth.http import (
    OAuthError,
    Parameters,
    form_parameters,
    json_or_form_parameters,
    oauth_endpoint,
    required,
)
from accounts.secrets import digest
from accounts.tokens.lifecycle import LONGEST_DAYS, revoke_token
from mobayilo.lib.client_ip import client_ip, country_of, rate_limit_network
from mobayilo.lib.errors import ProductError
from mobayilo.lib.formatting import rfc3339
from mobayilo.lib.ratelimits import count, limited

logger = logging.getLogger(__name__)
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
MAX_PENDING_PER_NETWORK = 30
GUARDS = ("max_cents_per_day", "max_cents_per_call", "destinations", "caller_ids")


@csrf_exempt
@require_safe
@limited("oauth-metadata")
def metadata(request: HttpRequest) -> HttpResponse:
    """Metadata by RFC 8414. The issuer comes from the settings, never from the Host header."""
    issuer = settings.PUBLIC_URL
    document = {
        "issuer": issuer,
        "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "grant_types_supported": [DEVICE_GRANT],
        "scopes_supported": list(Scope.values),
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
    }
    response = JsonResponse(document)
    response["Cache-Control"] = "public, max-age=300"
    response["Access-Control-Allow-Origin"] = "*"
    return response


@oauth_endpoint
@limited("oauth-start")
def device_authorization(request: HttpRequest) -> HttpResponse:
    """Start a device login (RFC 8628 section 3.1)."""
    return _start(request, form_parameters(request))


@oauth_endpoint
@limited("oauth-start")
def device_code_alias(request: HttpRequest) -> HttpResponse:
    """Start a device login with a JSON body, at the path that some clients have built in."""
    return _start(request, json_or_form_parameters(request))


@oauth_endpoint
@limited("oauth-token")
def token(request: HttpRequest) -> HttpResponse:
    """Redeem a device code (RFC 8628 section 3.4)."""
    return _redeem(request, form_parameters(request))


@oauth_endpoint
@limited("oauth-token")
def access_token_alias(request: HttpRequest) -> HttpResponse:
    """Redeem a device code with a JSON body, at the path that some clients have built in."""
    return _redeem(request, json_or_form_parameters(request))


@oauth_endpoint
@limited("oauth-revoke")
def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke a token (RFC 7009): 200 for any token that does not work afterwards, known or not.

    A token may be ended by anyone who holds it, so the client id is optional and only checked.
    """
    parameters = form_parameters(request)
    secret = required(parameters, "token")
    _client(parameters.get("client_id", "moby-cli"))
    access_token = AccessToken.objects.filter(digest=digest(secret)).first()
    if access_token is not None:
        revoke_token(access_token, reason="signed out", request=request)
    return HttpResponse()


@oauth_endpoint
@limited("oauth-revoke")
def cancel_device_authorization(request: HttpRequest) -> HttpResponse:
    """End a login that its device no longer waits for; always 200."""
    parameters = form_parameters(request)
    client_id = _client(required(parameters, "client_id"))
    device_login.cancel(required(parameters, "device_code"), client_id=client_id, request=request)
    return JsonResponse({})


def _start(request: HttpRequest, parameters: Parameters) -> HttpResponse:
    device_request = _device_request(request, parameters)
    pending = DeviceLogin.objects.filter(
        network=rate_limit_network(client_ip(request)),
        state=DeviceLogin.State.PENDING,
        expires_at__gt=timezone.now(),
    )
    if pending.count() >= MAX_PENDING_PER_NETWORK:
        logger.warning("many device logins wait at one address", extra={"ip": device_request.ip})
        raise OAuthError(
            "temporarily_unavailable",
            "Too many logins are waiting at this address.",
            status=429,
            retry_after_seconds=60,
        )
    new_login = device_login.start(device_request)
    page, code = f"{settings.PUBLIC_URL}/device", shown_code(new_login.user_code)
    return JsonResponse(
        {
            "device_code": new_login.device_code,
            "user_code": code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={code}",
            "expires_in": device_login.LIFETIME_SECONDS,
            "interval": new_login.row.interval_seconds,
        }
    )


def _device_request(request: HttpRequest, parameters: Parameters) -> DeviceRequest:
    """Return the request of a device as its parameters state it; raise OAuthError if one is bad."""
    client_id = _client(required(parameters, "client_id"))
    scopes = tuple(parameters.get("scope", "").split())
    unknown = [scope for scope in scopes if scope not in Scope.values]
    if unknown:
        raise OAuthError("invalid_scope", f"There is no scope {unknown[0][:40]}.")
    device_name, token_name = _text(parameters, "device_name"), _text(parameters, "token_name")
    days = parameters.get("expires_in_days")
    if days is not None and not (days.isascii() and days.isdigit()):
        raise OAuthError("invalid_request", "expires_in_days must be a number of days.")
    try:
        guards = parse_guards({name: parameters.get(name) for name in GUARDS})
    except ProductError as refusal:
        words = f"{refusal.field}: {refusal.message}"
        raise OAuthError("invalid_request", words) from refusal
    return DeviceRequest(
        client_id=client_id,
        scopes=scopes or DEVICE_DEFAULT,
        device_name=device_name,
        token_name=token_name,
        expires_in_days=None if days is None else min(int(days), LONGEST_DAYS),
        guards=guards,
        ip=client_ip(request),
        country=country_of(request),
        user_agent=agent_of(request),
    )


def _redeem(request: HttpRequest, parameters: Parameters) -> HttpResponse:
    if required(parameters, "grant_type") != DEVICE_GRANT:
        raise OAuthError("unsupported_grant_type", "This server speaks the device grant only.")
    client_id = _client(required(parameters, "client_id"))
    row = device_login.find(required(parameters, "device_code"), client_id=client_id)
    if row is None:
        # Guesses of device codes slow down their address, and never a login that is under way.
        wait_seconds = count(request, "unknown-device-codes")
        if wait_seconds:
            raise OAuthError(
                "slow_down", "Too many unknown codes.", status=429, retry_after_seconds=wait_seconds
            )
        raise OAuthError("invalid_grant", "This device code is unknown.")
    new_token = device_login.redeem(row, request=request)
    body: dict[str, Any] = {
        "access_token": new_token.secret,
        "token_type": "Bearer",
        "scope": " ".join(new_token.row.scopes),
        "token_id": new_token.row.public_id,
        "expires_at": new_token.row.expires_at and rfc3339(new_token.row.expires_at),
    }
    if new_token.row.expires_at is not None:
        body["expires_in"] = round((new_token.row.expires_at - timezone.now()).total_seconds())
    return JsonResponse(body)


def _client(client_id: str) -> str:
    if client_id not in CLIENTS:
        raise OAuthError("invalid_client", "This client is unknown.")
    return client_id


def _text(parameters: Parameters, name: str) -> str:
    value = parameters.get(name, "").strip()
    if len(value) > 100 or not value.isprintable():
        raise OAuthError("invalid_request", f"{name} must be up to 100 printable characters.")
    return value
