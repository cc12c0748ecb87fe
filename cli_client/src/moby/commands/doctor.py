"""moby doctor: each check reports what it found in words that are safe to paste."""

import os
import platform
import socket
import stat
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from moby import __version__
from moby.agent.browser import find_browser
from moby.agent.link import find_agent
from moby.agent.peers import program_on
from moby.agent.run_file import ADDRESS, port_of
from moby.api.answers import Client, Status
from moby.api.client import BASE_PATH, Session
from moby.cli.command import Command
from moby.errors import ExitCode, MobyError
from moby.faults import TransportError, explain
from moby.network import (
    CONNECT_TIMEOUT_SECONDS,
    Request,
    ca_path,
    is_on_this_machine,
    proxy_for,
    trust,
)
from moby.store.credentials import MISSPELT, KeyringStore, KeyringUnavailableError
from moby.text import clean, span

_WRONG_CLOCK_SECONDS = 60
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_HANG_COLUMNS = 23  # where the details begin
_STYLES = {"ok": "green", "note": "yellow", "problem": "red"}
# A check returns its state (ok, note or problem) and the detail; CHECKS has them by subject.
Check = Callable[[Session], tuple[str, str]]
CHECKS: dict[str, Check] = {}


class DoctorCommand(Command):
    name = "doctor"
    description = "Look for what is wrong; the output is safe to paste"

    def handle(self) -> int:
        findings = []
        for subject, check in CHECKS.items():
            try:
                state, detail = check(self.session)
            except MobyError as error:
                state, detail = "problem", _with_hint(error)
            findings.append((subject, state, detail))
        is_well = all(state != "problem" for _, state, _ in findings)
        if self.console.json:
            names = ("subject", "state", "detail")
            documents = [dict(zip(names, finding, strict=True)) for finding in findings]
            self.console.document({"ok": is_well, "findings": documents})
        else:
            for subject, state, detail in findings:
                styled = self.console.style(f"{state:<7}", _STYLES[state])
                self.console.write(f"{styled}  {subject:<12}  {clean(detail)}", hang=_HANG_COLUMNS)
        return ExitCode.DONE if is_well else ExitCode.FAILURE


def checks(subject: str) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        CHECKS[subject] = check
        return check

    return register


@checks("moby")
def _program(_: Session) -> tuple[str, str]:
    system = f"{platform.system()} {platform.release()}"
    return "ok", f"{__version__}, Python {platform.python_version()}, {system}"


@checks("host")
def _host(session: Session) -> tuple[str, str]:
    return "ok", f"{session.host}, profile {session.profile}"


@checks("folder")
def _folder(session: Session) -> tuple[str, str]:
    folder = session.config.folder
    shown = _without_home(str(folder))
    if not folder.exists():
        return "ok", f"{shown} is not there yet"
    mode = stat.S_IMODE(folder.stat().st_mode)
    return "problem" if mode & 0o077 else "ok", f"{shown}, mode {mode:04o}"


@checks("variables")
def _variables(session: Session) -> tuple[str, str]:
    environ = session.context.environ
    wrong = [name for name in MISSPELT if environ.get(name)]
    if wrong:
        return "problem", f"{', '.join(wrong)} means nothing; use MOBY_TOKEN"
    names = sorted(name for name in environ if name.startswith("MOBY_"))
    return "ok", f"set: {', '.join(names) or 'none'}"


@checks("keyring")
def _keyring(session: Session) -> tuple[str, str]:
    keyring = KeyringStore(session.context.environ)
    try:
        keyring.check(session.host)
    except KeyringUnavailableError as error:
        return "note", f"not usable: {clean(error)}"
    return "ok", keyring.backend_name


@checks("proxy")
def _proxy(session: Session) -> tuple[str, str]:
    """Name the proxies, without user names and passwords."""
    environ = session.context.environ
    proxies = {name: environ.get(name) or environ.get(name.lower()) for name in _PROXIES}
    lines = [f"{name} {value.rpartition('@')[2]}" for name, value in proxies.items() if value]
    return "ok", "; ".join(lines) or "none"


@checks("certificates")
def _certificates(session: Session) -> tuple[str, str]:
    try:
        roots_path = ca_path(session.context.environ)
    except TransportError as error:
        return "problem", _with_hint(error)
    return "ok", _without_home(roots_path) if roots_path else "those that come with moby"


@checks("name")
def _name(session: Session) -> tuple[str, str]:
    name = urlsplit(session.host).hostname or ""
    if _proxy_of(session):
        return "note", "left to the proxy"
    try:
        addresses = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except OSError as error:
        return "problem", f"{name} was not found: {error.strerror}"
    return "ok", f"{name} is {', '.join(sorted({str(f[4][0]) for f in addresses}))}"


@checks("encryption")
def _encryption(session: Session) -> tuple[str, str]:
    parts = urlsplit(session.host)
    if parts.scheme == "http":
        return "note", "none: this machine only"
    if _proxy_of(session):
        return "note", "through the proxy; see server"
    try:
        context = trust(ca_path(session.context.environ))
        address = (parts.hostname or "", parts.port or 443)
        with (
            socket.create_connection(address, CONNECT_TIMEOUT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
        ):
            return "ok", str(secure.version())
    except TransportError as error:
        return "problem", _with_hint(error)
    except OSError as error:
        is_here = is_on_this_machine(session.host)
        return "problem", _with_hint(explain(error, session.host, proxy=None, is_here=is_here))


def _proxy_of(session: Session) -> str | None:
    host = session.host
    return None if is_on_this_machine(host) else proxy_for(host, session.context.environ)


@checks("server")
def _server(session: Session) -> tuple[str, str]:
    try:
        client = session.api.get("client", Client, public=True)
    except MobyError as error:
        return "problem", _with_hint(error)
    support = f"; support is {clean(address)}" if (address := client.get("support_email")) else ""
    return "ok", f"answers; newest moby is {clean(client['latest_version'])}{support}"


@checks("clock")
def _clock(session: Session) -> tuple[str, str]:
    """Compare the clocks: a wrong one makes sign-ins look expired and certificates invalid."""
    request = Request("GET", f"{session.host}{BASE_PATH}client", {"Accept": "application/json"})
    try:
        answer = session.context.transport.send(request)
        there = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TransportError, ValueError, TypeError):
        return "note", "could not be compared with the server's"
    off = session.context.clock.now() - there
    if abs(off) <= _WRONG_CLOCK_SECONDS:
        return "ok", f"within {_WRONG_CLOCK_SECONDS} s of the server"
    return "problem", f"{span(off)} {'ahead of' if off > 0 else 'behind'} the server; set it right"


@checks("sign-in")
def _sign_in(session: Session) -> tuple[str, str]:
    sources = session.credentials.sources()
    try:
        status = session.api.get("status", Status)
    except MobyError as error:
        return "note" if error.code == "not_signed_in" else "problem", _with_hint(error)
    account, expires = clean(status["account"]["id"]), status["token"]["expires_at"] or "never"
    return "ok", f"account {account}, token from {sources[0]}, expires {clean(expires)}"


@checks("browser")
def _browser(session: Session) -> tuple[str, str]:
    """Name the browser that --headless would use; calls in a window need none of these."""
    try:
        return "ok", f"for calls without a window: {find_browser(session.context.environ)}"
    except MobyError as error:
        browser = session.context.environ.get("MOBY_BROWSER")
        return "problem" if browser else "note", _with_hint(error)


@checks("sound")
def _sound(session: Session) -> tuple[str, str]:
    """Look for a sound server, or a device that records; only Linux shows them as files."""
    if platform.system() != "Linux":
        return "note", "not looked at on this system; the page of moby agent run shows it"
    runtime = session.context.environ.get("XDG_RUNTIME_DIR", "")
    for name, socket_name in (("PipeWire", "pipewire-0"), ("PulseAudio", "pulse/native")):
        if runtime and (Path(runtime) / socket_name).exists():
            return "ok", name
    if list(Path("/dev/snd").glob("pcmC*D*c")):
        return "ok", "ALSA, with a device that records"
    return "note", "no sound server and no microphone were found; calls by your phone need none"


@checks("port")
def _port(session: Session) -> tuple[str, str]:
    """Say who listens on the port of the agent."""
    port = port_of(session.context.environ)
    if link := find_agent(session.context.config_dir):
        state = "ready" if link.seen["ready"] else "not ready"
        return "ok", f"{link.run.port}: your agent, {state}"
    try:
        with socket.create_server((ADDRESS, port)):
            return "ok", f"{port} is free for moby agent run"
    except OSError:
        return "note", f"{port} is in use by {program_on(port) or 'another program'}"


def _with_hint(error: MobyError | TransportError) -> str:
    """Return the message of an error and its hint as one line of sentences."""
    hint = " ".join(error.hint.split())
    return f"{error.message.rstrip('.')}. {hint}" if hint else error.message


def _without_home(path: str) -> str:
    """Return the path without the user's name in it."""
    home = os.path.expanduser("~")
    return path.replace(home, "~", 1) if path.startswith(home) else path
