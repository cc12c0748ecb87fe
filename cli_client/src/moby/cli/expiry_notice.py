"""A word in time, at most once a day, when the sign-in is about to run out."""

from contextlib import suppress

from moby.cli.application import Application
from moby.errors import MobyError
from moby.show.instants import days_until, from_now

_NOTICE_DAYS = 7


def warn_of_expiry(application: Application) -> None:
    session = application.session
    expires_at = session.token_expires_at if session else None
    if session is None or not expires_at:
        return
    if days_until(expires_at, session.context.clock.now()) >= _NOTICE_DAYS:
        return
    login = session.credentials.login
    today = from_now(0, session.context.clock.now())[:10]
    stored = session.credentials.sources()[:1] in (["keyring"], ["file"])
    if login is not None and stored:
        if login.get("warned_on") == today:
            return
        with suppress(MobyError):  # told again then, which harms less than not being told
            session.config.remember(session.profile, session.host, {**login, "warned_on": today})
    application.console.note(
        f"Note: this token expires {expires_at[:10]}. Renew it with: moby auth refresh"
    )
