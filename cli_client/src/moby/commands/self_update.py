"""moby self-update: whether there is a newer moby, and the command that installs it."""

import json
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import PurePath
from typing import Any

from cleo.helpers import option

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
        version = self.moby.version
        newer = _parts(latest) > _parts(version)
        needed = _parts(oldest) > _parts(version)
        command = update_command() or clean(client["install_command"])
        lines = []
        if needed:
            lines.append(f"This server needs moby v{oldest} or newer; you have {version}.")
        if newer or needed:
            lines += [f"Update available: v{latest}", f"Get it with: {command}"]
        document = {
            "current_version": version,
            "latest_version": latest,
            "min_version": oldest,
            "update_available": newer,
            "update_needed": needed,
            "command": command if newer or needed else None,
        }
        return self.answer(document, *(lines or [f"moby {version} is up to date."]))


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def update_command() -> str | None:
    """Return the command that updates this moby, from what pip recorded of its source."""
    try:
        text = distribution("moby").read_text("direct_url.json")
    except PackageNotFoundError:
        text = None
    source = json.loads(text) if text else {}
    return command_for(sys.prefix, source if isinstance(source, dict) else {})


def command_for(prefix: str, source: dict[str, Any]) -> str | None:
    """Return the command for a moby in that environment, from that source (PEP 610).

    None if it came from an index: which index is not recorded, and on PyPI the name belongs to a
    stranger.
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
