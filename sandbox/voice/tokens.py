"""Access tokens of the Voice SDK. https://www.twilio.com/docs/iam/access-tokens"""

import time
from dataclasses import dataclass
from typing import Any

import jwt

from sandbox.settings import Settings

INVALID, EXPIRED = 31204, 31205


class TokenError(Exception):
    """`code` as in https://www.twilio.com/docs/api/errors."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Holder:
    """The client that a token names, and how long it may be one."""

    identity: str
    ttl_seconds: int


def read_token(token: str, settings: Settings) -> Holder:
    """Return the client of a token. Raise TokenError unless our key signed it for our app."""
    try:
        claims = jwt.decode(
            token,
            settings.twilio_api_key_secret or "",
            algorithms=["HS256"],
            issuer=settings.twilio_api_key_sid,
            subject=settings.twilio_account_sid,
            options={"require": ["exp", "iss", "sub"]},
        )
        grants = claims["grants"]
        identity, app = grants["identity"], _outgoing_app(grants)
    except jwt.ExpiredSignatureError as error:
        raise TokenError(EXPIRED, "JWT token expired") from error
    except (jwt.InvalidTokenError, LookupError, TypeError) as error:
        raise TokenError(INVALID, "JWT is invalid") from error
    if not identity or app is None or app != settings.twilio_twiml_app_sid:
        raise TokenError(INVALID, "JWT is invalid")
    return Holder(identity=identity, ttl_seconds=int(claims["exp"] - time.time()))


def _outgoing_app(grants: dict[str, Any]) -> str | None:
    app: str | None = grants["voice"]["outgoing"]["application_sid"]
    return app
