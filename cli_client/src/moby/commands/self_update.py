"""moby self-update: install a newer moby, or print the command that does."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePath
from typing import Any

from cleo.helpers import option

from moby.api.answers import Client
from moby.cli.command import Command
from moby.errors import MobyError
from moby.installation import site
from moby.text import clean

# What brings all packages of a system up to date, by the program that does it.
_SYSTEM_UPDATES = {
    "apt": "sudo apt update && sudo apt upgrade",
    "dnf": "sudo dnf upgrade",
    "pacman": "sudo pacman -Syu",
    "zypper": "sudo zypper update",
    "apk": "sudo apk upgrade",
}


class SelfUpdateCommand(Command):
    name = "self-update"
    description = "Bring moby up to date"
    help = (
        "A moby that a site's install.sh installed is updated from that site, whatever --host "
        "says. Every file is verified by its SHA-256, and the moby you have works until the new "
        "one is in place. For a moby that came another way, the command to type is printed."
    )
    options = [option("check", None, "Only look whether there is a newer one.", flag=True)]

    def handle(self) -> int:
        home = site()
        api = self.session.api_for(self.session.credentials.require, home) if home else self.api
        client = api.get("client", Client, public=True)
        latest, oldest = clean(client["latest_version"]), clean(client["min_version"])
        version = self.moby.version
        newer = _parts(latest) > _parts(version)
        needed = _parts(oldest) > _parts(version)
        updated = bool(home) and newer and not self.flag("check")
        if home and updated:
            _update(home, version, self.context.environ)
        offers = (newer or needed) and not updated
        command = _command_for_this(client, home) if offers else None
        document = {
            "current_version": version,
            "latest_version": latest,
            "min_version": oldest,
            "update_available": newer,
            "update_needed": needed,
            "updated": updated,
            "command": command,
        }
        if updated:
            return self.answer(document, f"Updated from v{version} to v{latest}.")
        if command is None:
            return self.answer(document, f"moby {version} is up to date.")
        too_old = f"This server needs moby v{oldest} or newer; you have {version}."
        lines = [f"Update available: v{latest}", f"Get it with: {command}"]
        return self.answer(document, *([too_old] if needed else []), *lines)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _update(home: str, version: str, environ: Mapping[str, str]) -> None:
    """Run the install.sh that came with this moby; raise MobyError if it does not succeed.

    The script is not fetched: nothing runs before its hash was verified. It installs where this
    moby is, whatever XDG_DATA_HOME is by now, and prints to stderr.
    """
    prefix = Path(sys.prefix)
    done = subprocess.run(  # noqa: S603  # a file of our own
        ["/bin/sh", prefix / "share" / "moby" / "install.sh"],
        env={**environ, "MOBY_SITE": home, "XDG_DATA_HOME": str(prefix.parents[1])},
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise MobyError(
            "update_failed",
            f"moby was not updated, and {version} stays as it was",
            "The lines above say why. Try again: moby self-update",
        )


def _command_for_this(client: Client, home: str | None) -> str:
    """Return the command that updates this installation; the site's own where none is known."""
    if home:
        return "moby self-update"
    installer = ""
    source: dict[str, Any] = {}
    with suppress(PackageNotFoundError):
        moby = distribution("moby")
        installer = (moby.read_text("INSTALLER") or "").strip()
        # Where the package came from (PEP 610).
        record = json.loads(moby.read_text("direct_url.json") or "{}")
        source = record if isinstance(record, dict) else {}
    if installer in ("pip", "uv"):  # pipx records pip
        wheel_url = client.get("wheel_url")
        command = command_for(sys.prefix, source, wheel_url and clean(wheel_url))
    else:  # a distribution records another name, or none
        command = next((way for tool, way in _SYSTEM_UPDATES.items() if shutil.which(tool)), None)
    return command or clean(client["install_command"])


def command_for(prefix: str, source: dict[str, Any], wheel_url: str | None) -> str | None:
    """Return the command for a moby in that environment, from that source (PEP 610).

    The name alone never stands in it: on PyPI it is a stranger's.
    """
    parts = PurePath(prefix).parts
    folder = source.get("url", "").removeprefix("file://")
    if source.get("dir_info", {}).get("editable"):
        return f"git -C {shlex.quote(folder)} pull"
    if wheel_url and "pipx" in parts:
        return f"pipx install --force {shlex.quote(wheel_url)}"
    if wheel_url and "uv" in parts and "tools" in parts:
        return f"uv tool install --force {shlex.quote(wheel_url)}"
    if folder.startswith("/"):
        folder = shlex.quote(folder)
        return f"git -C {folder} pull && {prefix}/bin/python -m pip install {folder}"
    return None
