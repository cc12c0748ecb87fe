"""What the exit codes of moby mean, and which HTTP status leads to which."""

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    FAILURE = 1
    USAGE = 2
    UNAVAILABLE = 3
    NOT_SIGNED_IN = 4
    REFUSED = 5
    NOT_FOUND = 6
    PENDING = 8
    INTERRUPTED = 130


MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "done",
    ExitCode.FAILURE: "failure; a call that ended busy, unanswered or failed; a wrong code",
    ExitCode.USAGE: "usage: a bad option, number or amount, or an ambiguous number",
    ExitCode.UNAVAILABLE: "network, time-out, server error or too many requests; worth retrying",
    ExitCode.NOT_SIGNED_IN: "not signed in, expired, revoked; a login denied or run out",
    ExitCode.REFUSED: "refused: funds, caller ID, destination, scope, guard, frozen account",
    ExitCode.NOT_FOUND: "not found",
    ExitCode.PENDING: "still pending when waiting ran out",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C",
}

_BY_STATUS = {
    400: ExitCode.USAGE,
    401: ExitCode.NOT_SIGNED_IN,
    402: ExitCode.REFUSED,
    403: ExitCode.REFUSED,
    404: ExitCode.NOT_FOUND,
    429: ExitCode.UNAVAILABLE,
}


def exit_code_for(status: int, error_code: str) -> ExitCode:
    """The exit code for an HTTP error status; one error code has its own."""
    if error_code == "idempotency_in_progress" or status >= 500:
        return ExitCode.UNAVAILABLE
    return _BY_STATUS.get(status, ExitCode.FAILURE)
