"""How this moby was installed, and so how it is brought up to date."""

import json
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import PurePath
from typing import Any


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
