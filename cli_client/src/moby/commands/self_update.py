"""How this moby was installed, and so how it is brought up to date."""

import json
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import PurePath
from typing import Any

from cleo.helpers import option

from moby import __version__
from moby.api.answers import Client
from moby.cli.command import Command
from moby.text import clean


class SelfUpdateCommand(Command):
    name = "self-update"
    description = "Tell whether there is a newer moby, and how to get it"
    help = "moby never changes itself: it names the command that brings it up to date."
    options = [option("check", None, "Only look; that is all it ever does.", flag=True)]

    def handle(self) -> int:
        client = self.api.get("client", Client, public=True)
        latest, oldest = clean(client["latest_version"]), clean(client["min_version"])
        newer = _parts(latest) > _parts(__version__)
        needed = _parts(oldest) > _parts(__version__)
        command = update_command() or clean(client["install_command"])
        if self.console.json:
            self.console.document(
                {
                    "current_version": __version__,
                    "latest_version": latest,
                    "min_version": oldest,
                    "update_available": newer,
                    "update_needed": needed,
                    "command": command if newer or needed else None,
                }
            )
            return 0
        if needed:
            self.console.write(
                f"This server needs moby v{oldest} or newer; you have {__version__}."
            )
        if newer or needed:
            self.console.write(f"Update available: v{latest}")
            self.console.write(f"Get it with: {command}")
        else:
            self.console.write(f"moby {__version__} is up to date.")
        return 0


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def update_command() -> str | None:
    return command_for(sys.prefix, _source())


def command_for(prefix: str, source: dict[str, Any]) -> str | None:
    """The command for a moby in that environment, from that source (PEP 610).

    None for one from an index: which index is not recorded, and on PyPI the name is a stranger's.
    """
    parts = PurePath(prefix).parts
    if "pipx" in parts:
        return "pipx upgrade moby"
    if "uv" in parts and "tools" in parts:
        return "uv tool upgrade moby"
    folder = source.get("url", "").removeprefix("file://")
    if source.get("dir_info", {}).get("editable"):
        return f"git -C {folder} pull"
    if folder.startswith("/"):
        return f"git -C {folder} pull && {prefix}/bin/python -m pip install {folder}"
    return None


def _source() -> dict[str, Any]:
    """What pip recorded of where the package came from."""
    try:
        text = distribution("moby").read_text("direct_url.json")
    except PackageNotFoundError:
        return {}
    document = json.loads(text) if text else {}
    return document if isinstance(document, dict) else {}
