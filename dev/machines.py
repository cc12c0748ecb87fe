"""`make machines`: the README on bare Debian 12 and 13, as a new user would follow it.

Each release gets a root of its own under var/machines, with what the README asks for and nothing
else. There an ordinary user types `make demo`, installs moby from the running site and calls with
it, and runs tests that need no more, in a clone of the last commit. The environment is empty, save
for what reaches the package index from here. In the root of Debian 12 the product is also installed
as docs/operations.md says, until /readyz answers.
"""

import argparse
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "machines"
RELEASES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
PACKAGES = "python3,python3-venv,make,git,bash,ca-certificates"
SEARCHED = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Variables that reach the package index from here; the file of authorities is copied.
INDEX = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "HTTPS_PROXY")
AUTHORITIES = {"PIP_CERT": "/etc/ssl/index.crt", "SSL_CERT_FILE": "/etc/ssl/index.crt"}
# Mounts and processes of a machine end with its command. The shell stays and is not replaced: the
# kernel would forget to end it with `unshare` once it had become another user.
ENTER = """
root=$1 user=$2
shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
chroot --userspec="$user:$user" "$root" "$@" || exit
"""
COMMANDS = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PORT = 8765
READY_SECONDS = 60


class MachineError(Exception):
    """A command did not end as it should."""


class Machine:
    """A bare root of a Debian release, in which commands run as an ordinary user."""

    def __init__(self, release: str) -> None:
        self.name = RELEASES[release]
        self.release = release
        self.root = FOLDER / release

    def build(self) -> None:
        """Make the root, unless it was made whole before."""
        made = self.root / "made"
        if made.exists():
            return
        print(f"{self.name}: building a bare root (about a minute) …", flush=True)
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", self.release]
        done = subprocess.run([*command, self.root], capture_output=True, text=True, check=False)
        if done.returncode:
            raise MachineError(f"debootstrap failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
        shutil.copy("/etc/resolv.conf", self.root / "etc" / "resolv.conf")
        made.touch()

    def clone(self, user: str, path: str) -> None:
        """Make a user with an empty home, and a clone of the last commit that they own."""
        self._as_root("userdel", "--remove", user, check=False)
        self._as_root("useradd", "--create-home", user)
        there = self.root / path.lstrip("/")
        shutil.rmtree(there, ignore_errors=True)
        there.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, there], check=True)
        self._as_root("chown", "--recursive", f"{user}:{user}", path)

    def start(self, user: str, path: str, script: str) -> subprocess.Popen[bytes]:
        """Start a script in a folder of the machine, in the environment of a first log-in."""
        given = {"HOME": f"/home/{user}", "PATH": SEARCHED, **self._index()}
        settings = [f"{name}={value}" for name, value in given.items()]
        return subprocess.Popen(
            [
                *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
                *("sh", "-ec", ENTER, "sh", str(self.root), user),
                *("env", "-i", f"--chdir={path}", *settings, "sh", "-ec", script),
            ]
        )

    def run(self, user: str, path: str, script: str) -> None:
        if code := self.start(user, path, script).wait():
            raise MachineError(f"{script.strip()} ended with {code}")

    def _as_root(self, *command: str, check: bool = True) -> None:
        environment = {"PATH": SEARCHED}
        subprocess.run(
            ["chroot", self.root, *command], env=environment, check=check, stderr=subprocess.DEVNULL
        )

    def _index(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in INDEX if name in os.environ}
        for name, copy in AUTHORITIES.items():
            if given := os.environ.get(name):
                shutil.copy(given, self.root / copy.lstrip("/"))
                passed[name] = copy
        return passed


def demo(machine: Machine) -> None:
    machine.clone("newcomer", "/home/newcomer/mobayilo")
    machine.run("newcomer", "/home/newcomer/mobayilo", "make demo")


def client(machine: Machine) -> None:
    """Install moby from a running site, without curl and uv, then sign in and call with it."""
    machine.clone("newcomer", "/home/newcomer/mobayilo")
    script = "make .venv/demo\n.venv/bin/python -m dev.demo --from-site"
    machine.run("newcomer", "/home/newcomer/mobayilo", script)


def test(machine: Machine) -> None:
    """Run the tests that need nothing but Python: the client, and the product without a browser."""
    machine.clone("newcomer", "/home/newcomer/mobayilo")
    # An installer of Debian writes it, debootstrap does not; the demo does without.
    (machine.root / "etc" / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    for room in ("cli", "journeys"):
        machine.run("newcomer", "/home/newcomer/mobayilo", f"make test ROOM={room}")


def install(machine: Machine) -> None:
    """Type the commands of docs/operations.md, then start the web server as its unit does.

    The last of the chapter asks the providers, which tests/production/test_opening_day.py plays.
    """
    place = "/srv/mobayilo"
    machine.clone("mobayilo", place)
    settings = machine.root / "etc" / "mobayilo" / "mobayilo.env"
    write_settings(settings)
    *preparation, _check_live = COMMANDS.findall(chapter("Install"))
    for commands in preparation:
        machine.run("mobayilo", place, commands)
    unit = (ROOT / "deploy" / "systemd" / "mobayilo-web.service").read_text()
    server = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)[0]
    # As EnvironmentFile reads them, where a shell would take the second word for a command.
    lines = re.findall(r"^[A-Z_]+=.*$", settings.read_text(), re.MULTILINE)
    web = machine.start("mobayilo", place, f"exec env {shlex.join(lines)} {server}")
    try:
        wait_until_ready(web)
    finally:
        web.kill()  # unshare ignores SIGTERM
        web.wait()


def write_settings(path: Path) -> None:
    """Fill the gaps of deploy/mobayilo.env as an operator does; a bare root has no PostgreSQL."""
    filled = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DATABASE_URL": "sqlite:////srv/mobayilo/mobayilo.sqlite3",
        "REDIS_URL": "",
        "WEB_PROCESSES": "1",
        "WEB_WORKERS": "1",
        "WEB_BIND": f"127.0.0.1:{PORT}",
        "TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_VERIFY_SERVICE_SID": "VA" + secrets.token_hex(16),
        "TWILIO_FROM_NUMBER": "+12025550100",
        "STRIPE_API_KEY": "rk_live_" + secrets.token_hex(12),
        "COMPANY_NAME": "Mobayilo Ltd",
        "COMPANY_ADDRESS": "1 Example Street; London",
        "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(16),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fill((ROOT / "deploy" / "mobayilo.env").read_text(), filled))


def chapter(name: str) -> str:
    """Return a chapter of docs/operations.md."""
    guide = (ROOT / "docs" / "operations.md").read_text()
    return guide.split(f"\n## {name}\n")[1].split("\n## ")[0]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a file of settings with some filled in, also those that were comments."""
    for name, value in values.items():
        text = re.sub(rf"^#?{name}=.*$", f"{name}={value}", text, count=1, flags=re.MULTILINE)
    return text


def wait_until_ready(web: subprocess.Popen[bytes]) -> None:
    """Return when /readyz answers 200. Raise MachineError when it does not."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_SECONDS
    problem = OSError("the web server ended")
    while time.monotonic() < deadline and web.poll() is None:
        try:
            with direct.open(f"http://127.0.0.1:{PORT}/readyz", timeout=5) as answer:
                print(f"/readyz answers {answer.status}: {answer.read().decode()}")
                return
        except OSError as error:
            problem = error
            time.sleep(0.3)
    raise MachineError(f"/readyz is not ready: {problem}")


PARTS: dict[str, Callable[[Machine], None]] = {
    "demo": demo,
    "client": client,
    "test": test,
    "install": install,
}


def missing() -> str:
    """Return what this machine lacks to build roots, or an empty string."""
    if os.geteuid() != 0:
        return "root, which debootstrap and chroot need"
    tools = ("debootstrap", "unshare", "chroot", "git")
    return ", ".join(tool for tool in tools if not shutil.which(tool))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make machines", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parts = parser.parse_args().parts
    if lacking := missing():
        print(f"machines: skipped, for want of {lacking}")
        return 0
    for release, part in ((release, part) for release in RELEASES for part in parts):
        machine = Machine(release)
        if part == "install" and release != "bookworm":
            continue
        try:
            machine.build()
            started = time.monotonic()
            PARTS[part](machine)
        except MachineError as problem:
            print(f"machines: FAILED: {part} on {machine.name}: {problem}", file=sys.stderr)
            return 1
        print(f"machines: OK: {part} on {machine.name} ({time.monotonic() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
