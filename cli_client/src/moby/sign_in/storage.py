"""Where a new token is kept: decided before the login starts, and never in plain text unasked."""

from contextlib import suppress

from moby.api.session import Session
from moby.errors import MobyError
from moby.show.console import Console
from moby.store.config import Login
from moby.store.keyring_store import KeyringStore, KeyringUnavailableError


def choose_storage(session: Session, console: Console, *, insecure: bool) -> str:
    """keyring where it works; file after a yes on a terminal or with --insecure-storage."""
    if insecure:
        session.credentials.file.check()
        return "file"
    try:
        KeyringStore(session.context.environ).check(session.host)
    except KeyringUnavailableError as error:
        return _file_if_agreed(session, console, str(error))
    return "keyring"


def store_token(session: Session, console: Console, *, storage: str, token: str) -> Login:
    """Put the token away and say how to find it again. Nothing is left half done."""
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
