"""Every refusal of the product: one code, one HTTP status, one exit code of `moby`.

An operation raises `ProductError("insufficient_funds", message, ...)`; the API answers with the
error object of the contract and pages show message and hint. docs/errors.md lists this table for
people, and a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """What a code means to a program: the HTTP status, and what `moby` exits with."""

    status: int
    exit_code: int
    hint: str


ERRORS: dict[str, ErrorKind] = {
    # The request itself
    "invalid_request": ErrorKind(400, 2, "See details for the field to correct."),
    "not_found": ErrorKind(404, 6, "Check the id, and that it belongs to your account."),
    "method_not_allowed": ErrorKind(405, 1, "Update moby: it asked in a way this server refuses."),
    "unsupported_media_type": ErrorKind(415, 1, "Send JSON with Content-Type: application/json."),
    "throttled": ErrorKind(429, 3, "Wait as long as Retry-After says, then try again."),
    "idempotency_conflict": ErrorKind(409, 1, "Use a new Idempotency-Key for a new request."),
    "idempotency_in_progress": ErrorKind(409, 3, "The first request is running; ask again soon."),
    "server_error": ErrorKind(500, 3, "Try again; quote the request id to support if it stays."),
    "unavailable": ErrorKind(503, 3, "Try again in a moment."),
    # Who asks
    "not_authenticated": ErrorKind(401, 4, "Sign in with: moby auth login"),
    "invalid_token": ErrorKind(401, 4, "Sign in again with: moby auth login"),
    "token_expired": ErrorKind(401, 4, "Sign in again with: moby auth login"),
    "token_revoked": ErrorKind(401, 4, "Sign in again with: moby auth login"),
    "insufficient_scope": ErrorKind(403, 5, "Sign in with a token that has the scope named."),
    "account_frozen": ErrorKind(
        403, 5, "Write to support: they froze the account and can thaw it."
    ),
    # Numbers
    "invalid_number": ErrorKind(400, 2, "Write it as +44 20 7946 0018, or name its country."),
    "ambiguous_number": ErrorKind(400, 2, "Write the one you mean with + and its country code."),
    "country_required": ErrorKind(400, 2, "Name the country with --country, or begin with +."),
    "unknown_country": ErrorKind(400, 2, "Use a two-letter country code such as GB."),
    "emergency_number": ErrorKind(403, 5, "Dial it from a phone where you are."),
    "short_number": ErrorKind(403, 5, "Short numbers work only on a phone in their own country."),
    # Providers
    "provider_unavailable": ErrorKind(503, 3, "Nothing was charged. Try again in a minute."),
    "provider_misconfigured": ErrorKind(503, 3, "Tell support; the operator has to correct it."),
}


class ProductError(Exception):
    """A refusal with a code of `ERRORS`, a message for the person, and what to do next."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.kind = ERRORS[code]
        self.message = message
        self.hint = self.kind.hint if hint is None else hint
        self.details = dict(details or {})
        self.retry_after_seconds = retry_after_seconds
