"""The one kind of failure that commands raise, and the exit codes."""

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
    ExitCode.NOT_SIGNED_IN: "not signed in, or the sign-in expired, was revoked, denied or ran out",
    ExitCode.REFUSED: "refused: money, phone, destination, rights or limits, frozen account",
    ExitCode.NOT_FOUND: "not found",
    ExitCode.PENDING: "not finished yet: a login, payment or registration still waits",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C",
}

# The arguments and options of commands by the fields of the API, where the names differ.
WORDS_OF_FIELDS = {
    "to": "number", "number": "number", "code": "code", "amount_cents": "amount",
    "max_seconds": "--max-minutes", "caller_id": "--from", "grace_seconds": "--grace",
    "token_name": "--name", "expires_in_days": "--expires", "caller_ids": "--caller-id",
    "destinations": "--allow", "max_cents_per_day": "--max-per-day",
    "max_cents_per_call": "--max-per-call",
}  # fmt: skip

_BY_STATUS = {
    400: ExitCode.USAGE,
    401: ExitCode.NOT_SIGNED_IN,
    402: ExitCode.REFUSED,
    403: ExitCode.REFUSED,
    404: ExitCode.NOT_FOUND,
    429: ExitCode.UNAVAILABLE,
}


def exit_code_for(status: int, error_code: str) -> ExitCode:
    """Return the exit code for an HTTP error status; one error code has its own."""
    if error_code == "idempotency_in_progress" or status >= 500:
        return ExitCode.UNAVAILABLE
    return _BY_STATUS.get(status, ExitCode.FAILURE)


# Errors of moby itself, found before or without an answer of the server.
CLIENT_ERRORS: dict[str, ExitCode] = {
    "usage": ExitCode.USAGE,
    "bad_amount": ExitCode.USAGE,
    "amount_too_small": ExitCode.USAGE,
    "confirmation_required": ExitCode.USAGE,
    "bad_host": ExitCode.USAGE,
    "insecure_host": ExitCode.USAGE,
    "bad_profile": ExitCode.USAGE,
    "bad_token": ExitCode.USAGE,
    "token_not_stored": ExitCode.USAGE,
    "bad_configuration": ExitCode.FAILURE,
    "keyring_unavailable": ExitCode.FAILURE,
    "insecure_file": ExitCode.FAILURE,
    "untrusted_verification_uri": ExitCode.FAILURE,
    "canceled": ExitCode.FAILURE,
    "topup_failed": ExitCode.FAILURE,
    "update_failed": ExitCode.FAILURE,
    "registration_failed": ExitCode.FAILURE,
    "output_failed": ExitCode.FAILURE,
    "agent_not_running": ExitCode.FAILURE,
    "agent_running": ExitCode.FAILURE,
    "agent_busy": ExitCode.FAILURE,
    "agent_not_ready": ExitCode.FAILURE,
    "port_taken": ExitCode.FAILURE,
    "browser_missing": ExitCode.FAILURE,
    "internal_error": ExitCode.FAILURE,
    "network_error": ExitCode.UNAVAILABLE,
    "proxy_error": ExitCode.UNAVAILABLE,
    "tls_error": ExitCode.UNAVAILABLE,
    "timeout": ExitCode.UNAVAILABLE,
    "unexpected_answer": ExitCode.UNAVAILABLE,
    "not_signed_in": ExitCode.NOT_SIGNED_IN,
    "login_denied": ExitCode.NOT_SIGNED_IN,
    "login_expired": ExitCode.NOT_SIGNED_IN,
    "login_failed": ExitCode.NOT_SIGNED_IN,
    "emergency_number": ExitCode.REFUSED,
    "not_found": ExitCode.NOT_FOUND,
    "pending": ExitCode.PENDING,
    "interrupted": ExitCode.INTERRUPTED,
}


class MobyError(Exception):
    """A failure: what happened, what to do about it, and the exit code."""

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        exit_code: ExitCode | None = None,
        request_id: str | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = CLIENT_ERRORS[code] if exit_code is None else exit_code
        self.request_id = request_id
        self.details = details or {}

    @property
    def retryable(self) -> bool:
        return self.exit_code is ExitCode.UNAVAILABLE

    @property
    def quotes_request(self) -> bool:
        """Return whether support needs the request's id: for a fault of the server, or if asked."""
        is_fault = self.retryable and self.code not in ("throttled", "idempotency_in_progress")
        return bool(self.request_id) and (is_fault or "support" in self.hint)

    def field_lines(self) -> list[str]:
        """Return the reasons of the server for each field that it could not use."""
        fields = self.details.get("fields")
        if not isinstance(fields, dict):
            return []
        return [
            f"{WORDS_OF_FIELDS.get(name) or '--' + name.replace('_', '-')}: "
            + (" ".join(map(str, said)) if isinstance(said, list) else str(said))
            for name, said in fields.items()
        ]

    def as_document(self) -> dict[str, object]:
        error: dict[str, object] = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "request_id": self.request_id,
            "retryable": self.retryable,
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}


def interrupted(message: str = "interrupted", hint: str = "") -> MobyError:
    return MobyError("interrupted", message, hint)
