"""moby doctor: each check reports what it found in words that are safe to paste."""

import os
import platform
import socket
import ssl
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from moby import __version__
from moby.api.answers import Client, Status
from moby.api.client import BASE_PATH, Session
from moby.cli.command import Command
from moby.errors import ExitCode, MobyError
from moby.network import CONNECT_TIMEOUT_SECONDS, Request, TransportError, ca_file
from moby.store.credentials import MISSPELT, KeyringStore, KeyringUnavailableError
from moby.text import clean

_WRONG_CLOCK_SECONDS = 60
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Finding:
    subject: str
    state: str  # ok, note or problem
    detail: str


def examine(session: Session) -> list[Finding]:
    checks: list[Callable[[Session], Finding]] = [
        _program,
        _host,
        _folder,
        _environment,
        _keyring,
        _proxy,
        _trust,
        _name,
        _encryption,
        _server,
        _clock,
        _sign_in,
    ]
    return [check(session) for check in checks]


def _program(_: Session) -> Finding:
    system = f"{platform.system()} {platform.release()}"
    return Finding("moby", "ok", f"{__version__}, Python {platform.python_version()}, {system}")


def _host(session: Session) -> Finding:
    return Finding("host", "ok", f"{session.host}, profile {session.profile}")


def _folder(session: Session) -> Finding:
    folder = session.config.folder
    if not folder.exists():
        return Finding("folder", "ok", f"{_short(str(folder))} is not there yet")
    mode = stat.S_IMODE(folder.stat().st_mode)
    state = "problem" if mode & 0o077 else "ok"
    return Finding("folder", state, f"{_short(str(folder))}, mode {mode:04o}")


def _environment(session: Session) -> Finding:
    environ = session.context.environ
    wrong = [name for name in MISSPELT if environ.get(name)]
    if wrong:
        return Finding("variables", "problem", f"{', '.join(wrong)} means nothing; use MOBY_TOKEN")
    known = sorted(name for name in environ if name.startswith("MOBY_"))
    return Finding("variables", "ok", f"set: {', '.join(known) or 'none'}")


def _keyring(session: Session) -> Finding:
    keyring = KeyringStore(session.context.environ)
    try:
        keyring.check(session.host)
    except KeyringUnavailableError as error:
        return Finding("keyring", "note", f"not usable: {clean(error)}")
    return Finding("keyring", "ok", keyring.backend_name)


def _proxy(session: Session) -> Finding:
    environ = session.context.environ
    given = {name: environ.get(name) or environ.get(name.lower()) for name in _PROXIES}
    shown = [f"{name} {_without_password(value)}" for name, value in given.items() if value]
    return Finding("proxy", "ok", "; ".join(shown) or "none")


def _trust(session: Session) -> Finding:
    try:
        named = ca_file(session.context.environ)
    except TransportError as error:
        return Finding("certificates", "problem", error.message)
    return Finding("certificates", "ok", _short(named) if named else "those that come with moby")


def _name(session: Session) -> Finding:
    name = urlsplit(session.host).hostname or ""
    try:
        found = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except OSError as error:
        return Finding("name", "problem", f"{name} was not found: {error.strerror}")
    return Finding("name", "ok", f"{name} is {', '.join(sorted({str(f[4][0]) for f in found}))}")


def _encryption(session: Session) -> Finding:
    parts = urlsplit(session.host)
    if parts.scheme == "http":
        return Finding("encryption", "note", "none: this machine only")
    try:
        from certifi import where

        context = ssl.create_default_context(cafile=ca_file(session.context.environ) or where())
        address = (parts.hostname or "", parts.port or 443)
        with (
            socket.create_connection(address, CONNECT_TIMEOUT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
        ):
            return Finding("encryption", "ok", str(secure.version()))
    except ssl.SSLCertVerificationError as error:
        return Finding("encryption", "problem", f"certificate refused: {error.verify_message}")
    except TransportError as error:
        return Finding("encryption", "problem", error.message)
    except OSError as error:
        return Finding("encryption", "problem", f"no direct connection: {error.strerror or error}")


def _server(session: Session) -> Finding:
    try:
        client = session.api.get("client", Client, public=True)
    except MobyError as error:
        return Finding("server", "problem", error.message)
    return Finding("server", "ok", f"answers; newest moby is {clean(client['latest_version'])}")


def _clock(session: Session) -> Finding:
    """A wrong clock makes sign-ins look expired and certificates look invalid."""
    request = Request("GET", f"{session.host}{BASE_PATH}client", {"Accept": "application/json"})
    try:
        answer = session.context.transport.send(request)
        there = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TransportError, ValueError, TypeError):
        return Finding("clock", "note", "could not be compared with the server's")
    off = session.context.clock.now() - there
    state = "problem" if abs(off) > _WRONG_CLOCK_SECONDS else "ok"
    return Finding(
        "clock", state, f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the server"
    )


def _sign_in(session: Session) -> Finding:
    sources = session.credentials.sources()
    try:
        status = session.api.get("status", Status)
    except MobyError as error:
        state = "note" if error.code == "not_signed_in" else "problem"
        return Finding("sign-in", state, error.message)
    token = status["token"]
    return Finding(
        "sign-in",
        "ok",
        f"account {clean(status['account']['id'])}, token from {sources[0]}, "
        f"expires {clean(token['expires_at'] or 'never')}",
    )


def _short(path: str) -> str:
    """Without the user's name in it."""
    home = os.path.expanduser("~")
    return path.replace(home, "~", 1) if path.startswith(home) else path


def _without_password(value: str) -> str:
    return value.rpartition("@")[2] if "@" in value else value


_HANG = 23  # where the details begin
_STYLES = {"ok": "green", "note": "yellow", "problem": "red"}


class DoctorCommand(Command):
    name = "doctor"
    description = "Look for what is wrong; the output is safe to paste"

    def handle(self) -> int:
        findings = examine(self.session)
        wrong = [finding for finding in findings if finding.state == "problem"]
        if self.console.json:
            self.console.document({"ok": not wrong, "findings": [asdict(f) for f in findings]})
        else:
            for finding in findings:
                state = self.console.style(f"{finding.state:<7}", _STYLES[finding.state])
                line = f"{state}  {finding.subject:<12}  {clean(finding.detail)}"
                self.console.write(line, hang=_HANG)
        return ExitCode.FAILURE if wrong else ExitCode.DONE
