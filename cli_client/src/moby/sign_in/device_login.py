"""The device login of RFC 8628, as a public client: start, wait, and what each answer means."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from moby.api.client import Api, device_name, read_object, unexpected
from moby.context import Clock
from moby.errors import MobyError
from moby.exit_codes import ExitCode
from moby.net.hosts import is_same_site
from moby.net.message import Response
from moby.text import clean

CLIENT_ID = "moby-cli"
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_DEFAULT_INTERVAL_SECONDS = 5.0
# Clocks of virtual machines run up to a fifth too fast; polling early earns a slow_down.
_MARGIN = 1.2
_LONGEST_INTERVAL_SECONDS = 60.0


@dataclass
class PendingLogin:
    """A login under way. The device code is a secret: it is kept, never shown."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_at: float
    interval: float = _DEFAULT_INTERVAL_SECONDS
    # Longer than the interval for as long as faults last, or once when the server asks for it.
    longer_pause: float = 0.0

    @property
    def pause_seconds(self) -> float:
        return max(self.interval, self.longer_pause) * _MARGIN

    def as_facts(self) -> dict[str, object]:
        return asdict(self)


def start(api: Api, clock: Clock, wishes: Mapping[str, str | None]) -> PendingLogin:
    fields = {"client_id": CLIENT_ID, "device_name": device_name(), **wishes}
    response = api.form("/oauth/device_authorization", fields)
    answer = read_object(response)
    if response.status != 200 or answer is None:
        raise _refused(api, response)
    try:
        pending = PendingLogin(
            device_code=str(answer["device_code"]),
            user_code=clean(answer["user_code"]),
            verification_uri=str(answer["verification_uri"]),
            verification_uri_complete=_optional(answer.get("verification_uri_complete")),
            expires_at=clock.now() + float(str(answer["expires_in"])),
            interval=float(str(answer.get("interval") or _DEFAULT_INTERVAL_SECONDS)),
        )
    except (KeyError, ValueError) as error:
        raise unexpected(api.host, response) from error
    return _trusted(pending, api.host)


def poll(api: Api, pending: PendingLogin) -> dict[str, object] | None:
    """Ask once. The token's answer, or None while nobody has decided; slows down when told to."""
    fields = {
        "grant_type": _GRANT,
        "device_code": pending.device_code,
        "client_id": CLIENT_ID,
    }
    try:
        response = api.form("/oauth/token", fields)
    except MobyError:
        _back_off(pending)
        return None
    answer = read_object(response)
    if response.status == 200 and answer is not None and answer.get("access_token"):
        return answer
    _consider(api, pending, response, answer)
    return None


def cancel(api: Api, pending: PendingLogin) -> None:
    """Tell the server that nobody waits any more; it is only a courtesy, so failures pass."""
    fields = {"client_id": CLIENT_ID, "device_code": pending.device_code}
    try:
        api.form("/oauth/device_authorization/cancel", fields)
    except MobyError:
        return


def _consider(
    api: Api, pending: PendingLogin, response: Response, answer: dict[str, object] | None
) -> None:
    """Go on after a passing trouble, end the login at anything else (RFC 8628 §3.5)."""
    error = str((answer or {}).get("error", ""))
    retry_after = response.headers.get("retry-after", "")
    asked = float(retry_after) if re.fullmatch(r"[0-9]{1,6}", retry_after) else 0.0
    if error in ("authorization_pending", "slow_down"):
        pending.longer_pause = asked
        if error == "slow_down":
            slower = min(pending.interval + 5, _LONGEST_INTERVAL_SECONDS)
            pending.interval = max(pending.interval, slower)
    elif response.status == 429 or response.status >= 500 or answer is None:
        _back_off(pending)
        pending.longer_pause = max(pending.longer_pause, asked)
    else:
        raise _ended(error, answer)


def _back_off(pending: PendingLogin) -> None:
    """RFC 8628 §3.5: exponential while the trouble lasts; then the interval counts again."""
    doubled = 2 * max(pending.interval, pending.longer_pause)
    pending.longer_pause = min(doubled, max(pending.interval, _LONGEST_INTERVAL_SECONDS))


def expired() -> MobyError:
    return MobyError(
        "login_expired", "the code ran out before it was approved", "Start again: moby auth login"
    )


def _ended(error: str, answer: dict[str, object]) -> MobyError:
    if error == "access_denied":
        return MobyError("login_denied", "the login was denied in the browser")
    if error == "expired_token":
        return expired()
    said = clean(answer.get("error_description") or error or "no reason was given")
    return MobyError("login_failed", f"the login ended: {said}", "Start again: moby auth login")


def _refused(api: Api, response: Response) -> MobyError:
    answer = read_object(response)
    error = answer.get("error") if answer else None
    if answer is None or not isinstance(error, str):
        return unexpected(api.host, response)
    said = clean(answer.get("error_description") or error)
    code = ExitCode.UNAVAILABLE if response.status in (429, 503) else ExitCode.USAGE
    return MobyError("login_failed", f"the login was not started: {said}", exit_code=code)


def _trusted(pending: PendingLogin, host: str) -> PendingLogin:
    """Refuse to send a person anywhere but to the server they chose."""
    uri = pending.verification_uri
    if clean(uri) != uri or " " in uri or not is_same_site(uri, host):
        shown = clean(urlsplit(uri).netloc) or "another place"
        raise MobyError(
            "untrusted_verification_uri",
            f"{host} wants to send you to {shown} to sign in, so moby stopped",
            "Check --host and MOBY_HOST.",
        )
    complete = pending.verification_uri_complete
    if complete and (clean(complete) != complete or not is_same_site(complete, host)):
        pending.verification_uri_complete = None
    return pending


def _optional(value: object) -> str | None:
    return str(value) if value else None
