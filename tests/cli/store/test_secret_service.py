"""The Secret Service of a Linux desktop: gnome-keyring on a session bus of its own."""

import json
import shlex
import shutil
from collections.abc import Callable

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby, Ran
from tests.cli.stubs import StubServer

PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
UNLOCK = "printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null"
LOCKED = "gnome-keyring-daemon --start --components=secrets >/dev/null"
SIGN_IN = f"printf %s {d.TOKEN} | moby auth login --with-token"
Session = Callable[..., Ran]


@pytest.fixture
def session(moby: Moby) -> Session:
    """Return what runs lines of a shell on a bus of their own; keyrings stay in the home."""
    del moby.env["MOBY_KEYRING"]

    def run(*lines: str) -> Ran:
        script = shlex.quote("\n".join(lines))
        return moby.shell(f"dbus-run-session -- sh -ec {script} 2>/dev/null")

    return run


def test_token_lives_in_the_secret_service(session: Session, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    signed_in = session(UNLOCK, f"{SIGN_IN} --json")
    assert json.loads(signed_in.stdout)["token"]["storage"] == "keyring"
    # Another session, as after a reboot.
    assert session(UNLOCK, "moby auth token").stdout.strip() == d.TOKEN
    server.on("DELETE", "token", status=204)
    assert session(UNLOCK, "moby auth logout").code == 0
    assert session(UNLOCK, "moby auth token").code == 4


def test_locked_secret_service_is_named(session: Session, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    assert session(UNLOCK, SIGN_IN).code == 0
    said = session(LOCKED, "moby auth token 2>&1 || echo code $?").stdout
    assert "it is locked; unlock it and try again" in said
    assert "code 1" in said
