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


def test_manual_page_has_the_sections_that_people_look_for() -> None:
    page = (SHARE / "man/man1/moby.1").read_text()
    sections = re.findall(r"^\.SH (.+)$", page, re.MULTILINE)
    assert sections[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    assert sections[-2:] == ["FILES", "EXAMPLES"]
    for name in re.findall(r"^\\fB~/\.config/moby/(.+)\\fR$", page, re.MULTILINE):
        sources = (ROOT / "cli_client/src/moby").rglob("*.py")
        plain = name.replace("\\", "")
        assert any(f'"{plain}"' in path.read_text(encoding="utf-8") for path in sources)
