"""The file that install.sh leaves beside this moby, in a module that each run can afford."""

import sys
from pathlib import Path


def site() -> str | None:
    """Return the site whose install.sh made this environment, or None for any other way.

    install.sh writes the address beside the environments of its releases.
    """
    try:
        return (Path(sys.prefix).parent / "host").read_text(encoding="utf-8").strip() or None
    except (OSError, ValueError):
        return None
