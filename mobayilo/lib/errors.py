"""Every refusal of the product: one code, one HTTP status, one exit code of `moby`.

An operation raises `ProductError("insufficient_funds", message, ...)`; the API answers with the
error object of the contract and pages show message and hint. docs/errors.md lists this table for
people, and a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from redis.exceptions import RedisError

# The `WWW-Authenticate` challenge of RFC 6750 section 3.
REALM = 'Bearer realm="mobayilo"'
# A database or a counter store that is down comes back by itself; asking again is the remedy.
OUTAGES = (OperationalError, InterfaceError, RedisError)


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """The meaning of a code to a program: the HTTP status, and the exit code of `moby`.

    `page_hint` is given where the hint speaks of a terminal; pages show it instead.
    """

    status: int
    exit_code: int
    hint: str
    page_hint: str = ""


ERRORS: dict[str, ErrorKind] = {
    # The request itself
    "invalid_request": ErrorKind(
        400,
        2,
        "Correct what is named, then send it again.",
        "Go back, look at what you entered, and send it again.",
    ),
    "not_found": ErrorKind(
        404,
        6,
        "Check the id, and that it belongs to your account.",
        "Check the address, or look for it from the start page.",
    ),
    "method_not_allowed": ErrorKind(
        405,
        1,
        "Update moby: it asked in a way this server refuses.",
        "Go back, reload the page, and try again.",
    ),
    "unsupported_media_type": ErrorKind(
        415,
        1,
        "Send JSON with Content-Type: application/json.",
        "Go back, reload the page, and try again.",
    ),
    "throttled": ErrorKind(
        429,
        3,
        "Wait as long as Retry-After says, then try again.",
        "Wait a little, then try again.",
    ),
    "idempotency_conflict": ErrorKind(
        409,
        1,
        "Use a new Idempotency-Key for a new request.",
        "Go back, reload the page, and send it again.",
    ),
    "idempotency_in_progress": ErrorKind(409, 3, "The first request is running; ask again soon."),
    "server_error": ErrorKind(500, 3, "Try again; quote the request id to support if it stays."),
    "unavailable": ErrorKind(503, 3, "Try again in a moment."),
    # The caller
    "not_authenticated": ErrorKind(401, 4, "Sign in with: moby auth login", "Sign in first."),
    "invalid_token": ErrorKind(401, 4, "Sign in again with: moby auth login", "Sign in again."),
    "token_expired": ErrorKind(401, 4, "Sign in again with: moby auth login", "Sign in again."),
    "token_revoked": ErrorKind(401, 4, "Sign in again with: moby auth login", "Sign in again."),
    "malformed_authorization": ErrorKind(
        400, 2, "Send one header: Authorization: Bearer TOKEN", "Sign in again."
    ),
    "insufficient_scope": ErrorKind(
        403,
        5,
        "Sign in with a token that has the scope named.",
        "Sign in as a user who may, or write to support.",
    ),
    "account_frozen": ErrorKind(
        403, 5, "Write to support: they froze the account and can thaw it."
    ),
    # Tokens and devices
    "email_unverified": ErrorKind(403, 5, "Open the link in the mail that confirms your address."),
    "guard_tokens": ErrorKind(403, 5, "A token with limits makes no others; use the website."),
    "tokens_in_question": ErrorKind(
        403,
        5,
        "Answer on the website: /settings/tokens/review",
        "Answer first whether your tokens shall go on working.",
    ),
    "token_already_rotated": ErrorKind(409, 1, "Use the token that replaced this one."),
    "too_many_tokens": ErrorKind(409, 1, "Revoke the tokens that you no longer need."),
    # Numbers
    "invalid_number": ErrorKind(400, 2, "Write it as +44 20 7946 0018, or name its country."),
    "ambiguous_number": ErrorKind(400, 2, "Write the one you mean with + and its country code."),
    "country_required": ErrorKind(
        400,
        2,
        "Name the country with --country, or begin with +.",
        "Begin with + and the code of its country.",
    ),
    "unknown_country": ErrorKind(400, 2, "Use a two-letter country code such as GB."),
    "emergency_number": ErrorKind(403, 5, "Dial it from a phone where you are."),
    "short_number": ErrorKind(403, 5, "Short numbers work only on a phone in their own country."),
    # Money
    "insufficient_funds": ErrorKind(402, 5, "Top up with: moby topup 20 --open", "Top up first."),
    "account_owes": ErrorKind(
        402,
        5,
        "Top up what is owed and more: moby topup 20 --open",
        "Top up what is owed and more.",
    ),
    "invalid_amount": ErrorKind(400, 2, "Write dollars and cents, such as 20 or 20.00."),
    "amount_too_small": ErrorKind(
        400, 2, "Top up more; details.minimum_cents says how much.", "Top up more."
    ),
    "not_refundable": ErrorKind(409, 1, "Ask for less, or write to support."),
    "adjustment_refused": ErrorKind(403, 5, "Ask a colleague whose group may move more."),
    "amount_too_large": ErrorKind(
        400, 2, "Top up less; details.maximum_cents says how much.", "Top up less."
    ),
    # Caller IDs
    "caller_id_required": ErrorKind(
        403,
        5,
        "Prove your phone: moby caller-id request NUMBER",
        "Verify your phone under Caller IDs.",
    ),
    "caller_id_unverified": ErrorKind(
        403, 5, "Prove it again: moby caller-id request NUMBER", "Verify it again under Caller IDs."
    ),
    "wrong_code": ErrorKind(422, 1, "Look at the newest message and try again."),
    "verification_expired": ErrorKind(
        410, 1, "Ask for a new code: moby caller-id request NUMBER", "Ask for a new code."
    ),
    "no_verification_pending": ErrorKind(
        404, 6, "Ask for one: moby caller-id request NUMBER", "Ask for a code."
    ),
    "several_verifications_pending": ErrorKind(
        409,
        1,
        "Say which: moby caller-id confirm NUMBER CODE",
        "Enter the code beside the number that it came to.",
    ),
    "too_many_codes": ErrorKind(429, 3, "Wait ten minutes before you ask for another code."),
    "too_many_tries": ErrorKind(429, 3, "Wait ten minutes, then ask for a new code."),
    "landline_no_sms": ErrorKind(
        422,
        1,
        "Have it spoken: moby caller-id request NUMBER --channel call",
        "Choose a voice call instead.",
    ),
    "number_blocked": ErrorKind(403, 5, "Use another phone, or write to support."),
    "number_unreachable": ErrorKind(422, 1, "Check the number, or use another one."),
    "region_not_permitted": ErrorKind(403, 5, "Use a phone of another country, or tell support."),
    # Calls
    "no_rate": ErrorKind(403, 5, "We have no price for this number, so it cannot be called."),
    "destination_blocked": ErrorKind(403, 5, "Numbers of this kind cannot be called from here."),
    "own_number": ErrorKind(
        403,
        5,
        "Call another number, or ring another phone of yours first with --from.",
        "Call another number, or choose another phone of yours to ring first.",
    ),
    "country_closed": ErrorKind(403, 5, "Write to support if you need to call there."),
    "price_too_high": ErrorKind(
        403, 5, "New accounts may not call numbers this dear; ask support."
    ),
    "too_many_calls": ErrorKind(403, 5, "End a call that is running, then try again."),
    "too_many_calls_an_hour": ErrorKind(403, 5, "Wait for an hour, or write to support."),
    "too_many_new_numbers": ErrorKind(403, 5, "Call numbers you called before, or wait an hour."),
    "spending_limit": ErrorKind(403, 5, "The day starts again at 00:00 UTC; support can raise it."),
    "guard_destination": ErrorKind(
        403, 5, "Use another token, or a number and phone that this one allows."
    ),
    "guard_caller_id": ErrorKind(403, 5, "Use another token, or a phone that this one allows."),
    "guard_spend_call": ErrorKind(403, 5, "The token limits each call; use another token."),
    "guard_spend_day": ErrorKind(403, 5, "The token limits each day; 00:00 UTC starts a new one."),
    "price_changed": ErrorKind(
        409,
        1,
        "Look at the new price in details, then call again.",
        "Look at the new price, then call again.",
    ),
    "limit_too_low": ErrorKind(400, 2, "Allow more time or money for the call."),
    # Providers
    "provider_unavailable": ErrorKind(503, 3, "Nothing was charged. Try again in a minute."),
    "provider_misconfigured": ErrorKind(503, 3, "Tell support; the operator has to correct it."),
    "bad_signature": ErrorKind(403, 5, "Only our providers call this address."),
    "provider_refused": ErrorKind(422, 1, "Check what you asked for; nothing was charged."),
}


class ProductError(Exception):
    """A refusal with a code of `ERRORS`, a message for the reader, and a hint for the next step."""

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

    @property
    def page_hint(self) -> str:
        """Return the hint for a reader of a page."""
        own = self.hint != self.kind.hint
        return self.hint if own else self.kind.page_hint or self.hint

    @property
    def on_page(self) -> str:
        """Return message and hint in one line, for notices and forms."""
        return f"{self.message} {self.page_hint}".strip()


def throttled(wait_seconds: int, message: str = "Too many requests.") -> ProductError:
    """Return the refusal of a client that asks too often."""
    return ProductError(
        "throttled",
        f"{message} Wait {wait_in_words(wait_seconds)}.",
        retry_after_seconds=wait_seconds,
    )


def wait_in_words(seconds: int) -> str:
    """Return `1 second`, `90 seconds`, and from two minutes on whole minutes: `5 minutes`."""
    if seconds >= 120:
        return f"{-(-seconds // 60)} minutes"
    return f"{seconds} second" if seconds == 1 else f"{seconds} seconds"


def keep_refusal(request: HttpRequest, error: ProductError) -> None:
    """Keep a refusal on its request, to be recorded later; the last one counts.

    An answer does not show it: a page has a refusal beside its field, or after a redirect.
    """
    vars(request)["refusal"] = error


def kept_refusal(request: HttpRequest) -> ProductError | None:
    """Return the refusal of a request, or None."""
    kept = vars(request).get("refusal")
    return kept if isinstance(kept, ProductError) else None
