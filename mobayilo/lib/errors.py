"""Every refusal of the product: one code, one HTTP status, one exit code of `moby`, three hints.

An operation raises `ProductError("insufficient_funds", message, ...)`; the API answers with the
error object of the contract, in words for `moby` where `moby` asks, and pages show message and
hint. docs/errors.md lists this table for people, and a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from redis.exceptions import RedisError

# The `WWW-Authenticate` challenge of RFC 6750 section 3.
REALM = 'Bearer realm="mobayilo"'
# The header by which a client names itself, and the name of `moby`.
CLIENT_HEADER = "X-Client-Id"
TERMINAL_CLIENT = "moby-cli"
# A database or a counter store that is down comes back by itself; asking again is the remedy.
OUTAGES = (OperationalError, InterfaceError, RedisError)


@dataclass(frozen=True, slots=True)
class Hints:
    """The next step after a refusal: for the author of a client, on a page, and at a terminal.

    A page or a terminal without words of its own shows those of the API. `{support}` stands for
    the support team, with its address where SUPPORT_EMAIL names one.
    """

    api: str
    page: str = ""
    terminal: str = ""

    def on_page(self) -> str:
        return _with_support(self.page or self.api)

    def on_terminal(self) -> str:
        return _with_support(self.terminal or self.api)

    def to_program(self) -> str:
        return _with_support(self.api)


def _with_support(text: str) -> str:
    address = settings.SUPPORT_EMAIL
    return text.replace("{support}", f"support ({address})" if address else "support")


class ErrorKind:
    """The meaning of a code: its HTTP status, the exit code of `moby`, and the hints.

    `terminal_message` replaces the message of a refusal that only the program can have caused,
    since a person at a terminal never saw the request.
    """

    def __init__(
        self,
        status: int,
        exit_code: int,
        api: str,
        *,
        page: str = "",
        terminal: str = "",
        terminal_message: str = "",
    ) -> None:
        self.status = status
        self.exit_code = exit_code
        self.hints = Hints(api, page, terminal)
        self.terminal_message = terminal_message


_RELOAD = "Go back, reload the page, and try again."
_UPDATE = "Update moby: moby self-update"
_MISUNDERSTOOD = "This moby is older or newer than the site understands."
_WITHOUT_LIMITS = "Use another token, or sign in again without limits: moby auth login --force"

ERRORS: dict[str, ErrorKind] = {
    # The request itself
    "invalid_request": ErrorKind(
        400,
        2,
        "Correct the field that is named, then send the request again.",
        page="Go back, look at what you entered, and send it again.",
        terminal="Correct what is named, then run the command again.",
    ),
    "not_found": ErrorKind(
        404,
        6,
        "Check the id, and that it belongs to the account of the token.",
        page="Check the address, or look for it from the start page.",
        terminal="Check what you typed. The lists show what there is, such as: moby calls list",
    ),
    "method_not_allowed": ErrorKind(
        405,
        1,
        "See the API reference for the methods of this path.",
        page=_RELOAD,
        terminal=_UPDATE,
        terminal_message=_MISUNDERSTOOD,
    ),
    "unsupported_media_type": ErrorKind(
        415,
        1,
        "Send JSON with Content-Type: application/json.",
        page=_RELOAD,
        terminal=_UPDATE,
        terminal_message=_MISUNDERSTOOD,
    ),
    "throttled": ErrorKind(
        429,
        3,
        "Wait as long as Retry-After says, then try again.",
        page="Wait that long, then try again.",
        terminal="Wait that long, then run the command again.",
    ),
    "idempotency_conflict": ErrorKind(
        409,
        1,
        "Use a new Idempotency-Key for a new request.",
        page="Go back, reload the page, and send it again.",
        terminal="Leave --idempotency-key out, or give a new one.",
        terminal_message="This --idempotency-key was used before, for something else.",
    ),
    "idempotency_in_progress": ErrorKind(
        409,
        3,
        "The first request with this key is running; ask again soon.",
        page="Wait a moment, then reload the page.",
        terminal="Wait a moment, then run the same command again.",
        terminal_message="The first command with this --idempotency-key is still at work.",
    ),
    "server_error": ErrorKind(
        500,
        3,
        "Try again; if it stays, send {support} the request_id.",
        page="Try again. If it stays, write to {support} and quote the id shown here.",
        terminal="Try again. If it stays, write to {support} and quote the request id.",
    ),
    "unavailable": ErrorKind(503, 3, "Try again in a moment."),
    # The caller
    "not_authenticated": ErrorKind(
        401,
        4,
        "Send a token: Authorization: Bearer TOKEN",
        page="Sign in first.",
        terminal="Sign in with: moby auth login",
    ),
    "invalid_token": ErrorKind(
        401,
        4,
        "Send a token that is valid, or start a new device login.",
        page="Sign in again.",
        terminal="Sign in again with: moby auth login",
    ),
    "token_expired": ErrorKind(
        401,
        4,
        "Make a new token, or start a new device login.",
        page="Sign in again.",
        terminal="Sign in again with: moby auth login",
    ),
    "token_revoked": ErrorKind(
        401,
        4,
        "Make a new token, or start a new device login.",
        page="Sign in again.",
        terminal="Sign in again with: moby auth login",
    ),
    "malformed_authorization": ErrorKind(
        400,
        2,
        "Send one header: Authorization: Bearer TOKEN",
        page="Sign in again.",
        terminal="Sign in again with: moby auth login --force",
        terminal_message="The token that moby sent cannot be read.",
    ),
    "insufficient_scope": ErrorKind(
        403,
        5,
        "Use a token that has the scope in details.required_scope.",
        page="Sign in as a user who may, or write to {support}.",
        terminal="Sign in again without --scopes: moby auth login --force",
    ),
    "account_frozen": ErrorKind(403, 5, "Write to {support}: they can say why, and what thaws it."),
    # Tokens and devices
    "email_unverified": ErrorKind(403, 5, "Open the link in the mail that confirms your address."),
    "guard_tokens": ErrorKind(403, 5, "A token with limits makes no others; use the website."),
    "tokens_in_question": ErrorKind(
        403,
        5,
        "A user of the account has to answer on the website first: /settings/tokens/review",
        page="Answer first whether your tokens shall go on working.",
        terminal="Answer on the website, on the page /settings/tokens/review, then try again.",
    ),
    "token_already_rotated": ErrorKind(
        409,
        1,
        "Use the token that replaced this one.",
        terminal="Use the token that replaced it, or sign in again with: moby auth login --force",
    ),
    "too_many_tokens": ErrorKind(
        409,
        1,
        "Revoke the tokens that you no longer need.",
        terminal="Revoke those that you no longer need on the website, under Settings, Tokens.",
    ),
    # Numbers
    "invalid_number": ErrorKind(400, 2, "Write it as +44 20 7946 0018, or name its country."),
    "ambiguous_number": ErrorKind(400, 2, "Write the one you mean with + and its country code."),
    "country_required": ErrorKind(
        400,
        2,
        "Begin with + and the code of its country, or send country.",
        page="Begin with + and the code of its country.",
        terminal="Name the country with --country, or begin with +.",
    ),
    "unknown_country": ErrorKind(400, 2, "Write a country's name, or its two letters, such as GB."),
    "emergency_number": ErrorKind(403, 5, "Dial it from a phone where you are."),
    "short_number": ErrorKind(403, 5, "Short numbers work only on a phone in their own country."),
    # Money
    "insufficient_funds": ErrorKind(
        402,
        5,
        "Top up the account, or wait until calls that hold its money have ended.",
        page="Top up first.",
        terminal="Top up with: moby topup 20 --open",
    ),
    "account_owes": ErrorKind(
        402,
        5,
        "Top up what is owed and more.",
        terminal="Top up what is owed and more: moby topup 20 --open",
    ),
    "invalid_amount": ErrorKind(400, 2, "Write dollars and cents, such as 20 or 20.00."),
    "amount_too_small": ErrorKind(
        400,
        2,
        "Top up more; details.minimum_cents says how much.",
        page="Top up more.",
        terminal="Top up that much or more.",
    ),
    "not_refundable": ErrorKind(409, 1, "Ask for less, or write to {support}."),
    "too_many_refunds": ErrorKind(
        409, 1, "Write to {support}, who make any other refund, or wait for the next month."
    ),
    "adjustment_refused": ErrorKind(403, 5, "Ask a colleague whose group may move more."),
    "amount_too_large": ErrorKind(
        400,
        2,
        "Top up less; details.maximum_cents says how much.",
        page="Top up less.",
        terminal="Top up that much or less.",
    ),
    # Caller IDs
    "caller_id_required": ErrorKind(
        403,
        5,
        "Verify a phone of the account with POST caller-ids.",
        page="Verify your phone under Caller IDs.",
        terminal="Verify your phone: moby caller-id request NUMBER",
    ),
    "caller_id_unverified": ErrorKind(
        403,
        5,
        "Verify it again with POST caller-ids.",
        page="Verify it again under Caller IDs.",
        terminal="Verify it again: moby caller-id request NUMBER",
    ),
    "wrong_code": ErrorKind(
        422,
        1,
        "Ask for the code of the newest message.",
        page="Look at the newest message and enter its code.",
        terminal="Use the newest code: moby caller-id confirm CODE",
    ),
    "verification_expired": ErrorKind(
        410,
        1,
        "Send a new code with POST caller-ids.",
        page="Ask for a new code.",
        terminal="Ask for a new code: moby caller-id request NUMBER",
    ),
    "no_verification_pending": ErrorKind(
        404,
        6,
        "Send a code first, with POST caller-ids.",
        page="Ask for a code.",
        terminal="Ask for one: moby caller-id request NUMBER",
    ),
    "several_verifications_pending": ErrorKind(
        409,
        1,
        "Send number or verification_id with the code.",
        page="Enter the code beside the number that it came to.",
        terminal="Say which: moby caller-id confirm NUMBER CODE",
    ),
    "too_many_codes": ErrorKind(429, 3, "Wait ten minutes before you ask for another code."),
    "too_many_tries": ErrorKind(
        429,
        3,
        "Wait ten minutes, then ask for a new code.",
        terminal="Wait ten minutes, then ask for a new code: moby caller-id request NUMBER",
    ),
    "landline_no_sms": ErrorKind(
        422,
        1,
        "Ask for a voice call: channel call.",
        page="Choose a voice call instead.",
        terminal="Have it spoken: moby caller-id request NUMBER --channel call",
    ),
    "number_blocked": ErrorKind(403, 5, "Use another phone, or write to {support}."),
    "number_unreachable": ErrorKind(422, 1, "Check the number, or use another one."),
    "region_not_permitted": ErrorKind(
        403, 5, "Use a phone of another country, or write to {support}."
    ),
    "registration_under_way": ErrorKind(409, 1, "Wait five minutes, then try again."),
    "registration_shared": ErrorKind(
        409,
        1,
        "Remove the phone instead, with DELETE caller-ids/<id>.",
        page="Remove the phone instead.",
        terminal="Remove the phone instead: moby caller-id remove NUMBER",
    ),
    # Calls
    "no_rate": ErrorKind(403, 5, "We have no price for this number, so it cannot be called."),
    "destination_blocked": ErrorKind(403, 5, "Numbers of this kind cannot be called from here."),
    "own_number": ErrorKind(
        403,
        5,
        "Call another number, or send the caller_id of another phone.",
        page="Call another number, or choose another phone of yours to ring first.",
        terminal="Call another number, or ring another phone of yours first with --from.",
    ),
    "computer_calls_closed": ErrorKind(
        403,
        5,
        "Leave mode out, and your phone rings first.",
        page="Have your phone ring instead.",
        terminal="Have your phone ring first: --callback",
    ),
    "call_not_waiting": ErrorKind(
        409,
        1,
        "Place another call with mode computer, and start it within a minute.",
        page="Place the call again.",
        terminal="Call again: moby call NUMBER. The page in the browser has a minute to start it.",
    ),
    "country_closed": ErrorKind(403, 5, "Write to {support} if you need to call there."),
    "price_too_high": ErrorKind(
        403, 5, "New accounts may not call numbers as expensive as this; ask {support}."
    ),
    "too_many_calls": ErrorKind(
        403,
        5,
        "End a call that is running, then try again.",
        terminal="End one: moby calls hangup",
    ),
    "too_many_calls_an_hour": ErrorKind(403, 5, "Wait for an hour, or write to {support}."),
    "too_many_new_numbers": ErrorKind(403, 5, "Call numbers you called before, or wait an hour."),
    "spending_limit": ErrorKind(
        403, 5, "The day starts again at 00:00 UTC; {support} can raise the limit."
    ),
    "unpaid_cost_limit": ErrorKind(
        403, 5, "The day starts again at 00:00 UTC; write to {support} if you need to call now."
    ),
    "guard_destination": ErrorKind(
        403,
        5,
        "Use another token, or a number and phone that this one allows.",
        terminal=_WITHOUT_LIMITS,
    ),
    "guard_caller_id": ErrorKind(
        403,
        5,
        "Use another token, or a phone that this one allows.",
        terminal="Name a phone that it allows with --from, or: moby auth login --force",
    ),
    "guard_spend_call": ErrorKind(
        403,
        5,
        "The token limits each call; use another token.",
        terminal=_WITHOUT_LIMITS,
    ),
    "guard_spend_day": ErrorKind(
        403,
        5,
        "The token limits each day; 00:00 UTC starts a new one.",
        terminal="Wait until 00:00 UTC, or sign in without limits: moby auth login --force",
    ),
    "price_changed": ErrorKind(
        409,
        1,
        "Look at the new price in details, then call again.",
        page="Look at the new price, then call again.",
        terminal="Run the command again; it shows the new price first.",
    ),
    "limit_too_low": ErrorKind(
        400,
        2,
        "Allow more time or money for the call.",
        terminal="Allow more with --max-cost or --max-minutes.",
    ),
    "own_number_not_shown": ErrorKind(
        403,
        5,
        "Send only_my_number: false to show another number.",
        page="To call and show another number, change that under Caller IDs.",
        terminal="To show another number, leave out --only-my-number, or: "
        "moby caller-id only-my-number off",
    ),
    "shown_number_changed": ErrorKind(
        409,
        1,
        "Look at the number in details, then call again.",
        page="Look at the number that is shown now, then call again.",
        terminal="Run the command again; it shows the new number first.",
    ),
    # Providers
    "provider_unavailable": ErrorKind(503, 3, "Nothing was charged. Try again in a minute."),
    "provider_misconfigured": ErrorKind(
        503, 3, "Write to {support}; the operator has to correct it."
    ),
    "bad_signature": ErrorKind(403, 5, "Only our providers call this address."),
    "provider_refused": ErrorKind(422, 1, "Check what you asked for; nothing was charged."),
}


class ProductError(Exception):
    """A refusal with a code of `ERRORS`, a message for the reader, and hints for the next step.

    A hint of its own is one text for every reader, or `Hints`. `terminal_message` replaces the
    message at a terminal, where the message names a part of the request.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | Hints | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after_seconds: int | None = None,
        terminal_message: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.kind = ERRORS[code]
        self.message = message
        self.hints = self.kind.hints if hint is None else hint
        self.details = dict(details or {})
        self.retry_after_seconds = retry_after_seconds
        self.terminal_message = terminal_message or self.kind.terminal_message

    @property
    def hints(self) -> Hints:
        return self._hints

    @hints.setter
    def hints(self, hints: str | Hints) -> None:
        self._hints = Hints(hints) if isinstance(hints, str) else hints

    @property
    def hint(self) -> str:
        """Return the hint for the author of a client."""
        return self.hints.to_program()

    @property
    def field(self) -> str | None:
        """Return the name of the first field that the refusal is about, None if it names none."""
        return next(iter(self.details.get("fields", ())), None)

    @property
    def page_hint(self) -> str:
        """Return the hint for a reader of a page."""
        return self.hints.on_page()

    @property
    def on_page(self) -> str:
        """Return message and hint in one line, for notices and forms."""
        return f"{self.message} {self.page_hint}".strip()

    def as_object(self, *, on_terminal: bool) -> dict[str, str]:
        """Return code, message and hint in the words of a terminal, or of an API client."""
        message, hint = self.message, self.hint
        if on_terminal:
            message, hint = self.terminal_message or message, self.hints.on_terminal()
        return {"code": self.code, "message": message, "hint": hint}


def asks_from_terminal(request: HttpRequest) -> bool:
    """Return whether `moby` sent the request, by the client id that it has at the OAuth endpoints.

    Its answers have words for a person at a terminal.
    """
    return request.headers.get(CLIENT_HEADER) == TERMINAL_CLIENT


def not_found(thing: str, *, listed_by: str) -> ProductError:
    """Return the refusal of an id; `listed_by` is the command of `moby` that lists such things."""
    hints = ERRORS["not_found"].hints
    return ProductError(
        "not_found",
        f"There is no {thing} in your account.",
        hint=Hints(hints.api, hints.page, f"See what there is with: moby {listed_by}"),
    )


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


def show_refusal(request: HttpRequest, error: ProductError) -> None:
    """Keep a refusal, and show its words on the next page."""
    keep_refusal(request, error)
    messages.error(request, error.on_page)


def kept_refusal(request: HttpRequest) -> ProductError | None:
    """Return the refusal of a request, or None."""
    kept = vars(request).get("refusal")
    return kept if isinstance(kept, ProductError) else None
