"""The built site: whole, and asking no other host for anything."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT

LOADED = re.compile(r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=\"?(https?:[^\"\s>]+)")
LINKED = re.compile(r"<link\b[^>]*\bhref=\"?(https?:[^\"\s>]+)")
IMPORTED = re.compile(r"url\([\"']?(https?:[^\"')]+)|@import[^;]*(https?:[^\"';]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` builds it: any warning ends the build."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir"]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [*command, str(folder)], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_site_has_a_page_for_each_source(site: Path) -> None:
    built = {page.parent.relative_to(site) for page in site.rglob("index.html")}
    sources = {page.relative_to(ROOT / "docs").with_suffix("") for page in PAGES}
    assert {s.parent if s.name == "index" else s for s in sources} <= built


def test_site_loads_nothing_from_another_host(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert LOADED.findall(text) == [], page
        assert LINKED.findall(text) == [], page
        # The theme fetches a program for diagrams from a public host, where a page has one.
        assert 'class="mermaid"' not in text, page
    for sheet in site.rglob("*.css"):
        assert IMPORTED.findall(sheet.read_text()) == [], sheet
