"""The state of the sign-in, as a document and as text, with the same facts."""

from moby.api.answers import Guards, Status
from moby.api.client import Session
from moby.console import Console
from moby.errors import ExitCode, MobyError
from moby.text import cents_as_dollars, local, relative

_REASONS = {
    "not_signed_in": "signed_out",
    "not_authenticated": "signed_out",
    "token_expired": "expired",
    "throttled": "throttled",
    "bad_token": "signed_out",
}
# What is wrong on this machine; the document says that nobody is signed in, a note says why.
LOCAL_FAULTS = ("bad_token", "bad_configuration", "insecure_file", "keyring_unavailable")


def reason_of(error: MobyError) -> str:
    """Why nobody is signed in, in one word that scripts can rely on."""
    if error.code in _REASONS:
        return _REASONS[error.code]
    return "revoked" if error.exit_code is ExitCode.NOT_SIGNED_IN else "unreachable"


def status_document(
    session: Session, status: Status | None, reason: str | None
) -> dict[str, object]:
    """Every field is always there; what is not known is null."""
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
    account, token = status["account"], status["token"]
    now = session.context.clock.now()
    sources = session.credentials.sources()
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
            ("Expires", _expiry(token["expires_at"], now)),
            ("Scopes", ", ".join(token["scopes"])),
            ("Limits", describe_guards(token["guards"])),
            ("Kept in", _place(session, sources)),
        ]
    )
    if len(sources) > 1:
        console.note(f"Note: {sources[0]} is used; {' and '.join(sources[1:])} would be next.")


def describe_guards(guards: Guards) -> str:
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


def _expiry(expires_at: str | None, now: float) -> str:
    return f"{local(expires_at)} ({relative(expires_at, now)})" if expires_at else "never"


def _place(session: Session, sources: list[str]) -> str:
    if sources[:1] == ["keyring"]:
        return "the keyring"
    if sources[:1] == ["file"]:
        return f"{session.credentials.file.path}, in plain text (moby auth login --force moves it)"
    return sources[0] if sources else ""
