"""What Twilio's refusals mean to us: one table from its error codes to ours."""

import requests
from urllib3.exceptions import NewConnectionError

from mobayilo.lib.errors import ProductError


class OutcomeUnknownError(ProductError):
    """Twilio may or may not have done what was asked: no answer, or none that can be read."""

    def __init__(self) -> None:
        super().__init__("provider_unavailable", "Our phone carrier did not answer.")


class NoSuchThingError(ProductError):
    """Twilio knows nothing under that SID (any more)."""

    def __init__(self) -> None:
        super().__init__("not_found", "Our phone carrier does not know that.")


# https://www.twilio.com/docs/api/errors, by code: our code and what the person is told.
REFUSALS: dict[int, tuple[str, str]] = {
    20003: ("provider_misconfigured", "Our phone carrier refused our sign-in."),
    20404: ("not_found", "Our phone carrier does not know that."),
    21210: ("provider_misconfigured", "Our own number may not place calls."),
    21211: ("number_unreachable", "Our phone carrier says that this number is not valid."),
    21214: ("number_unreachable", "This number cannot be reached by our phone carrier."),
    21215: ("destination_blocked", "Calls to this country are not open."),
    21216: ("destination_blocked", "Calls to this number are not open."),
    21217: ("number_unreachable", "Our phone carrier says that this number is not valid."),
    60200: ("number_unreachable", "Our phone carrier says that this number is not valid."),
    60202: ("too_many_tries", "Too many wrong codes for this number."),
    60203: ("too_many_codes", "Too many codes were sent to this number."),
    60205: ("landline_no_sms", "This is a landline, which takes no SMS."),
    60207: ("too_many_codes", "Too many codes were asked for."),
    60212: ("too_many_codes", "Another code for this number is just being sent."),
    60238: ("number_blocked", "Codes to this number are blocked, to prevent fraud."),
    60410: ("number_blocked", "Codes to numbers like this are blocked for now, to prevent fraud."),
    60605: ("region_not_permitted", "Codes cannot be sent to this country."),
}
_TOO_MANY_WAIT_SECONDS = 600  # Verify keeps its counters as long as a code lives


def refusal_of(status: int, code: int) -> ProductError:
    """Our error for an HTTP status and an error code of Twilio's (0 for none)."""
    if code == 20404 or (status == 404 and code not in REFUSALS):
        return NoSuchThingError()
    if code in REFUSALS:
        ours, message = REFUSALS[code]
        waits = ours in ("too_many_codes", "too_many_tries")
        return ProductError(
            ours, message, retry_after_seconds=_TOO_MANY_WAIT_SECONDS if waits else None
        )
    if status == 429:
        # 20429 and 10004: refused before anything was done.
        return ProductError(
            "provider_unavailable", "Our phone carrier is busy.", retry_after_seconds=5
        )
    if status >= 500:
        return OutcomeUnknownError()
    if status in (401, 403):
        return ProductError("provider_misconfigured", "Our phone carrier refused our request.")
    return ProductError("provider_refused", "Our phone carrier refused the request.")


def was_never_connected(error: requests.ConnectionError) -> bool:
    """Whether no byte of a request was sent: refused, or a name that nobody could resolve.

    `requests` wraps urllib3's "too many retries", which wraps the reason.
    """
    wrapped = error.args[0] if error.args else None
    return isinstance(getattr(wrapped, "reason", None), NewConnectionError)
