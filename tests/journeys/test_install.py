"""install.sh of a running site, in an empty home: installed, updated, refused and removed."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
import requests
from pytest_django import Settings

from dev.customer import Customer
from dev.stack import BIN, ROOT, Stack, free_port
from mobayilo.client.wheel import build
from tests.live import running_stack

INDEX = re.compile(r"PIP_|UV_|SSL_CERT|REQUESTS_CA|HTTPS_PROXY|https_proxy")
SHARED = (
    "man/man1/moby.1",
    "bash-completion/completions/moby",
    "zsh/site-functions/_moby",
    "fish/vendor_completions.d/moby.fish",
)


@dataclass
class Person:
    """A user of this machine with an empty home, who reaches the package index as we do."""

    home: Path
    tools: Path  # a folder of their PATH: uv, or nothing

    @property
    def env(self) -> dict[str, str]:
        config = Path("~/.config/pip/pip.conf").expanduser()
        return {
            **{name: value for name, value in os.environ.items() if INDEX.match(name)},
            **({"PIP_CONFIG_FILE": str(config)} if config.exists() else {}),
            "UV_SYSTEM_CERTS": "1",
            "UV_CACHE_DIR": str(self.home / ".cache" / "uv"),
            "HOME": str(self.home),
            "PATH": f"{self.home}/.local/bin:{self.tools}:/usr/bin:/bin",
            "MOBY_KEYRING": "off",
            "LANG": "C.UTF-8",
        }

    def run(self, *command: str, script: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env={**self.env, **env}, input=script, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip

    def install(self, web: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        script = requests.get(f"{web}/client/install.sh", timeout=10).text
        return self.run("sh", "-s", "--", *arguments, script=script)

    def files(self) -> set[str]:
        """Return everything in the home but what installers and Python cache."""
        found = (path.relative_to(self.home) for path in self.home.rglob("*") if not path.is_dir())
        return {str(path) for path in found if not {".cache", "__pycache__"} & set(path.parts)}


@pytest.fixture(scope="module", autouse=True)
def _index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where the package index cannot be reached, which is no fault of the installer."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "crashtest==0.4.1"]
    folder = tmp_path_factory.mktemp("index")
    if subprocess.run([*command, "--dest", folder], check=False, capture_output=True).returncode:
        pytest.skip("the package index cannot be reached")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A site of its own, since these tests put other wheels on it."""
    with running_stack(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def person(tmp_path: Path) -> Person:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "uv").symlink_to(BIN / "uv")
    (tmp_path / "home").mkdir()
    return Person(tmp_path / "home", tmp_path / "tools")


@pytest.fixture
def installed(person: Person, site: Stack) -> Person:
    done = person.install(site.web)
    assert done.returncode == 0, done.stderr
    return person


@pytest.fixture
def release(site: Stack, tmp_path: Path, settings: Settings) -> Iterator[Callable[[str], None]]:
    """Put another version of moby on the site, and the first one back at the end."""
    settings.CLIENT_ROOT = site.folder / "client"

    def put(version: str) -> None:
        source = shutil.copytree(ROOT / "cli_client", tmp_path / version)
        (source / "src/moby/__init__.py").write_text(f'__version__ = "{version}"\n')
        build(source)

    yield put
    build(ROOT / "cli_client")


def with_another_file(wheel: bytes) -> bytes:
    archive = BytesIO(wheel)
    with ZipFile(archive, "a") as changed:
        changed.writestr("moby/more.py", "")
    return archive.getvalue()


@pytest.fixture
def altered(site: Stack) -> Iterator[str]:
    """A way to the site on which someone changes the wheel: its address."""

    class Between(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            body = requests.get(site.web + self.path, timeout=10).content
            if self.path.endswith(".whl"):
                self.wfile.write(with_another_file(body))
            else:
                self.wfile.write(body.replace(site.web.encode(), address.encode()))

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Between)
    address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("tool", ["uv", "python3"])
def test_installed_moby_knows_its_site_and_is_removed(
    person: Person, site: Stack, tool: str
) -> None:
    if tool == "python3":
        (person.tools / "uv").unlink()
    done = person.install(site.web)
    assert (done.returncode, "moby 0.1.0 is installed" in done.stdout) == (0, True), done.stderr
    assert person.run("moby", "rates", "GB").stdout.startswith("United Kingdom")
    assert "up to date" in person.run("moby", "self-update").stdout
    assert {f".local/share/{name}" for name in SHARED} < person.files()
    removed = person.install(site.web, "--uninstall")
    assert (removed.returncode, person.files()) == (0, set()), removed.stderr


def test_installed_moby_signs_in_and_calls(installed: Person, site: Stack, tmp_path: Path) -> None:
    customer = Customer(site, "alice@example.org", "correct horse battery", tmp_path / "unused")
    customer.browser.sign_up(customer.email, customer.password)
    customer.env = installed.env
    assert customer.log_in().code == 0
    customer.prove("+447400123456")
    customer.top_up("20")
    called = customer.moby("call", "+442079460018", "--yes", "--wait", "--json")
    assert (called.code, called.json["state"]) == (0, "completed")
    token = customer.moby("auth", "token").stdout.strip()
    assert installed.install(site.web, "--uninstall").returncode == 0
    assert installed.files() == set()
    bearer = {"Authorization": f"Bearer {token}"}
    asked = requests.get(f"{site.web}/api/cli/v1/token", headers=bearer, timeout=10)
    assert asked.status_code == 401


def test_newer_wheel_is_announced_and_installed(
    installed: Person, release: Callable[[str], None]
) -> None:
    release("0.2.0")
    looked = installed.run("moby", "self-update", "--check").stdout
    assert looked == "Update available: v0.2.0\nGet it with: moby self-update\n"
    updated = installed.run("moby", "self-update")
    assert (updated.returncode, updated.stdout) == (0, "Updated from v0.1.0 to v0.2.0.\n")
    assert installed.run("moby", "--version").stdout == "moby 0.2.0\n"
    release("0.3.0")
    document = installed.run("moby", "self-update", "--json").stdout
    assert '"updated": true' in document
    assert '"command": null' in document
    # The release before stays, for a moby that still runs; the one before that is gone.
    assert len(list(installed.home.glob(".local/share/moby/release.*"))) == 2


def test_wheel_with_another_hash_installs_nothing(person: Person, altered: str) -> None:
    for tool in ("uv", "python3"):
        refused = person.install(altered)
        assert refused.returncode != 0, tool
        assert re.search("hash", refused.stderr, re.IGNORECASE), tool
        assert person.files() == set(), tool
        (person.tools / "uv").unlink(missing_ok=True)


def test_update_that_fails_leaves_the_moby_before(
    installed: Person, site: Stack, altered: str, release: Callable[[str], None]
) -> None:
    before = installed.files()
    release("0.2.0")
    (installed.home / ".local/share/moby/host").write_text(altered)
    failed = installed.run("moby", "self-update")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "moby was not updated, and 0.1.0 stays as it was" in failed.stderr
    assert installed.run("moby", "rates", "GB", MOBY_HOST=site.web).returncode == 0
    assert installed.files() == before


def test_update_that_is_killed_leaves_the_moby_before(
    installed: Person, site: Stack, release: Callable[[str], None]
) -> None:
    release("0.2.0")
    uv = installed.tools / "uv"
    uv.unlink()
    uv.write_text(f'#!/bin/sh\n[ "$1" = venv ] || kill -9 $PPID $$\n{BIN / "uv"} "$@"\n')
    uv.chmod(0o755)
    assert installed.run("moby", "self-update").returncode == 1
    assert installed.run("moby", "--version").stdout == "moby 0.1.0\n"
    uv.unlink()
    uv.symlink_to(BIN / "uv")
    assert installed.run("moby", "self-update").returncode == 0
    assert installed.run("moby", "--version").stdout == "moby 0.2.0\n"
    assert len(list(installed.home.glob(".local/share/moby/release.*"))) == 2


def test_installer_leaves_another_moby_alone(person: Person, site: Stack) -> None:
    other = person.home / ".local/bin/moby"
    other.parent.mkdir(parents=True)
    other.write_text("#!/bin/sh\n")
    for arguments in ((), ("--uninstall",)):
        refused = person.install(site.web, *arguments)
        assert (refused.returncode, refused.stderr.startswith(str(other))) == (1, True)
    assert person.files() == {".local/bin/moby"}


def test_proxy_of_the_environment_stands_not_before_a_site_of_this_machine(
    person: Person, site: Stack
) -> None:
    script = requests.get(f"{site.web}/client/install.sh", timeout=10).text
    dead = f"http://127.0.0.1:{free_port()}"
    done = person.run("sh", script=script, HTTP_PROXY=dead, http_proxy=dead)
    assert done.returncode == 0, done.stderr
