"""The sign-in of this device: where its token is stored, and its state as document and as text."""

from contextlib import suppress

from moby.api.answers import Guards, Status
from moby.api.client import Session
from moby.console import Console
from moby.errors import ExitCode, MobyError
from moby.store.credentials import Credential, KeyringStore, KeyringUnavailableError, Login
from moby.text import cents_as_dollars, local, relative

_REASONS = {
    "not_signed_in": "signed_out",
    "not_authenticated": "signed_out",
    "token_expired": "expired",
    "throttled": "throttled",
    "bad_token": "signed_out",
}
# Faults of this machine: the document says "not signed in", and a note gives the reason.
LOCAL_FAULTS = ("bad_token", "bad_configuration", "insecure_file", "keyring_unavailable")


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
    """Store the token, and return the login by which later runs find it.

    A token in the other place is deleted, so that only one is stored. Raise `keyring_unavailable`
    if the keyring refuses it, unless the person agrees to a file.
    """
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
    """Verify and store a new token, revoke the old one, and return the status of the new one.

    The old token works until the new one is stored. With `is_ours`, the new token was obtained by
    this login, and is revoked if the login fails; then the error is raised.
    """
    new_api = session.api_with(token)
    old: Credential | None = None
    try:
        status = new_api.get("status", Status)
        with suppress(MobyError):  # an unreadable old token is not revoked, and stops no login
            old = session.credentials.stored()
        place = store_token(session, console, storage=storage, token=token)
        session.remember(place, status["actor"]["email"], status["token"])
    except (MobyError, KeyboardInterrupt):
        if is_ours:
            with suppress(MobyError):
                new_api.delete("token")
        raise
    if old and old.token != token:
        try:
            session.api_with(old.token).delete("token")
        except MobyError as error:
            if error.exit_code is not ExitCode.NOT_SIGNED_IN:
                page = f"{session.host}/settings/tokens"
                console.remark(f"Note: your old token still works. Revoke it on {page}.")
    return status


def reason_of(error: MobyError) -> str:
    """Return why the person is not signed in, in one word that scripts can rely on."""
    if error.code in _REASONS:
        return _REASONS[error.code]
    return "revoked" if error.exit_code is ExitCode.NOT_SIGNED_IN else "unreachable"


def status_document(
    session: Session, status: Status | None, reason: str | None
) -> dict[str, object]:
    """Return the document of `moby auth status`, with null for a field that is not known."""
    sources = session.credentials.sources()
    source = sources[0] if sources else None
    actor = status["actor"] if status else None
    account = status["account"] if status else None
    token = status["token"] if status else None
    login = session.credentials.login
    return {
        "authenticated": reason is None,
        "reason": reason,
        "host": session.host,
        "profile": session.profile,
        "actor": {"email": actor["email"] if actor else None},
        "account": {
            "id": account["id"] if account else None,
            "caller_id_status": account["caller_id_status"] if account else None,
            "caller_id_e164": account["caller_id_e164"] if account else None,
        },
        "token": {
            "name": token["name"] if token else None,
            "kind": token.get("kind") if token else None,
            "device": token.get("device") or None if token else None,
            "created_at": token["created_at"] if token else None,
            "scopes": token["scopes"] if token else [],
            "expires_at": token["expires_at"] if token else None,
            "source": source,
            "storage": login.get("storage") if login and source in ("keyring", "file") else None,
            "guards": token["guards"] if token else None,
            "last_four": token["last_four"] if token else None,
            "shadows": sources[1:],
        },
    }


def show_status(console: Console, session: Session, status: Status) -> None:
    """Print the person, the token and the place where it is stored, for a signed-in device."""
    account, token = status["account"], status["token"]
    now = session.context.clock.now()
    sources = session.credentials.sources()
    expires = token["expires_at"]
    place = sources[0] if sources else ""
    if place == "keyring":
        place = "the keyring"
    elif place == "file":
        path = session.credentials.file.path
        place = f"{path}, in plain text (moby auth login --force moves it)"
    console.fields(
        [
            ("Signed in as", status["actor"]["email"]),
            ("Server", session.host),
            ("Profile", session.profile if session.profile != "default" else None),
            ("Account", "frozen: write to support" if account["frozen"] else None),
            ("Caller ID", account["caller_id_e164"] or account["caller_id_status"]),
            ("Token", f"{token['name']} (ends in {token['last_four']})"),
            ("Device", token.get("device")),
            ("Created", local(token["created_at"])),
            ("Expires", f"{local(expires)} ({relative(expires, now)})" if expires else "never"),
            ("Scopes", ", ".join(token["scopes"])),
            ("Limits", describe_guards(token["guards"])),
            ("Kept in", place),
        ]
    )
    if len(sources) > 1:
        console.remark(f"Note: {sources[0]} is used; {' and '.join(sources[1:])} would be next.")


def describe_guards(guards: Guards) -> str:
    """Return the guards of a token in words, an empty text for a token without guards."""
    parts = []
    if guards.get("max_cents_per_day") is not None:
        parts.append(f"{cents_as_dollars(guards['max_cents_per_day'] or 0)} a day")
    if guards.get("max_cents_per_call") is not None:
        parts.append(f"{cents_as_dollars(guards['max_cents_per_call'] or 0)} a call")
    if guards.get("destinations") is not None:
        parts.append(f"calls to {', '.join(guards['destinations'] or ['nowhere'])}")
    if guards.get("caller_ids") is not None:
        parts.append(f"calls from {', '.join(guards['caller_ids'] or ['no phone'])}")
    return "; ".join(parts)
