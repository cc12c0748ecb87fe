"""From a fresh token to a finished sign-in: verify it, store it, end the one that it replaces."""

from contextlib import suppress

from moby.api.answers import Status
from moby.api.client import Session
from moby.console import Console
from moby.errors import ExitCode, MobyError
from moby.store.config import Login
from moby.store.credentials import Credential, KeyringStore, KeyringUnavailableError


def choose_storage(session: Session, console: Console, *, insecure: bool) -> str:
    """Return "keyring" where it works, else "file", which is plain text.

    A file needs --insecure-storage, or a yes on a terminal.
    """
    if insecure:
        session.credentials.file.check()
        return "file"
    try:
        KeyringStore(session.context.environ).check(session.host)
    except KeyringUnavailableError as error:
        return _file_if_agreed(session, console, str(error))
    return "keyring"


def store_token(session: Session, console: Console, *, storage: str, token: str) -> Login:
    """Store the token; return the login by which later runs find it. Nothing is left half done."""
    if storage == "keyring":
        keyring = KeyringStore(session.context.environ)
        try:
            keyring.set(session.profile, session.host, token)
        except KeyringUnavailableError as error:
            _file_if_agreed(session, console, str(error))
        else:
            session.credentials.file.delete(session.profile, session.host)
            return {"storage": "keyring", "keyring_backend": keyring.backend_name}
    session.credentials.file.set(session.profile, session.host, token)
    if (session.credentials.login or {}).get("storage") == "keyring":
        with suppress(KeyringUnavailableError):
            session.credentials.keyring().delete(session.profile, session.host)
    return {"storage": "file"}


def _file_if_agreed(session: Session, console: Console, reason: str) -> str:
    """Return "file" after a yes on a terminal; raise `keyring_unavailable` otherwise."""
    path = session.credentials.file.path
    if console.can_ask:
        console.say(f"The keyring cannot keep your token: {reason}.")
        if console.confirm(f"Keep it in plain text in {path}, readable only by you?"):
            session.credentials.file.check()
            return "file"
    raise MobyError(
        "keyring_unavailable",
        f"the keyring cannot keep your token: {reason}",
        f"To keep it in plain text in {path} instead, add --insecure-storage.\n"
        "To keep it nowhere, set MOBY_TOKEN where you need it.",
    )


def finish_sign_in(
    session: Session, console: Console, *, token: str, storage: str, is_ours: bool
) -> Status:
    """Verify and store the token, then end the old sign-in, which is good until then.

    `is_ours`: this login obtained the token, so it is revoked if the login fails.
    """
    new = session.api_with(token)
    old: Credential | None = None
    try:
        status = new.get("status", Status)
        with suppress(MobyError):  # a keyring that is gone takes nothing but its own token along
            old = session.credentials.stored()
        place = store_token(session, console, storage=storage, token=token)
        session.remember(place, status["actor"]["email"], status["token"])
    except (MobyError, KeyboardInterrupt):
        if is_ours:
            with suppress(MobyError):
                new.delete("token")
        raise
    if old and old.token != token:
        try:
            session.api_with(old.token).delete("token")
        except MobyError as error:
            if error.exit_code is not ExitCode.NOT_SIGNED_IN:
                console.note(
                    "Note: your former token could not be revoked; see moby auth sessions."
                )
    return status
