"""The manual page."""

import re
import subprocess
from pathlib import Path

from tests.cli.shells import need

ROOT = Path(__file__).parents[3]
SHARE = ROOT / "cli_client/share"


def test_manual_page_is_clean_roff() -> None:
    need("groff")
    page = SHARE / "man/man1/moby.1"
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Tascii", str(page)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "moby auth login" in re.sub(r".\x08", "", done.stdout)  # grotty prints bold twice
