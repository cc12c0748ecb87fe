"""`dev/setup.sh` on machines that lack something: one readable line and nothing made."""

import os
import subprocess
from pathlib import Path

import pytest

from dev.stack import ROOT

OLD = """#!/bin/sh
case "$2" in
  *platform*) echo 3.9.2 ;;
  *) exit 1 ;;
esac
"""
WITHOUT_VENV = """#!/bin/sh
case "$2" in
  *ensurepip*) exit 1 ;;
esac
"""


def setup(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Run it as `make PYTHON=… demo` does, in an empty folder."""
    return subprocess.run(
        ["sh", str(ROOT / "dev" / "setup.sh"), "demo"],
        cwd=folder,
        env={**os.environ, "PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )


def interpreter(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(script)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "said"),
    [(OLD, "is 3.9.2.\nName another one"), (WITHOUT_VENV, "apt install python3-venv")],
)
def test_setup_names_what_a_python_lacks(tmp_path: Path, script: str, said: str) -> None:
    refused = setup(tmp_path, interpreter(tmp_path, script))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 2
    assert not (tmp_path / ".venv").exists()


def test_setup_names_a_python_that_is_missing(tmp_path: Path) -> None:
    refused = setup(tmp_path, "python9")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Mobayilo needs Python 3.11 or newer, and python9 is not")
