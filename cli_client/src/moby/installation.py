"""How this moby was installed, and so how it is brought up to date."""

import json
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import PurePath
from typing import Any


def update_command() -> str:
    parts = PurePath(sys.prefix).parts
    if "pipx" in parts:
        return "pipx upgrade moby"
    if "uv" in parts and "tools" in parts:
        return "uv tool upgrade moby"
    source = _source()
    folder = source.get("url", "").removeprefix("file://")
    if source.get("dir_info", {}).get("editable"):
        return f"git -C {folder} pull"
    if folder.startswith("/"):
        return f"git -C {folder} pull && {sys.executable} -m pip install {folder}"
    return f"{sys.executable} -m pip install --upgrade moby"


def _source() -> dict[str, Any]:
    """What pip recorded of a package that came from a folder (PEP 610)."""
    try:
        text = distribution("moby").read_text("direct_url.json")
    except PackageNotFoundError:
        return {}
    document = json.loads(text) if text else {}
    return document if isinstance(document, dict) else {}
