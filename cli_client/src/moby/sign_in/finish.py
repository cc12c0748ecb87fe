"""From a fresh token to a finished sign-in: check it, keep it, then end the one it replaces."""

from contextlib import suppress

from moby.api.answers import Status
from moby.api.client import Api
from moby.api.session import Session
from moby.errors import MobyError
from moby.show.console import Console
from moby.sign_in.storage import store_token
from moby.store.credentials import Credential


def api_with(session: Session, token: str, host: str | None = None) -> Api:
    """The API as the holder of that token, whatever the environment says."""
    return session.api_for(lambda: Credential(token, "sign-in"), host)


def finish_sign_in(
    session: Session, console: Console, *, token: str, storage: str, is_ours: bool
) -> Status:
    """The old sign-in stays good until the new token has been verified and stored.

    `is_ours`: this login obtained the token, so nobody misses it if the login fails.
    """
    new = api_with(session, token)
    try:
        status = new.get("status", Status)
        old = _old_token(session)
        place = store_token(session, console, storage=storage, token=token)
        session.remember(place, status["actor"]["email"], status["token"])
    except (MobyError, KeyboardInterrupt):
        if is_ours:
            with suppress(MobyError):
                new.delete("token")
        raise
    if old and old != token:
        _end(session, console, old)
    return status


def _old_token(session: Session) -> str | None:
    try:
        stored = session.credentials.stored()
    except MobyError:
        return None  # a keyring that is gone takes nothing but its own token along
    return stored.token if stored else None


def _end(session: Session, console: Console, token: str) -> None:
    try:
        api_with(session, token).delete("token")
    except MobyError as error:
        if error.exit_code != 4:
            console.note("Note: your former token could not be revoked; see moby auth sessions.")
