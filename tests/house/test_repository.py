"""Texts that must not be in the repository."""

import re
import subprocess
from pathlib import Path

from accounts.secrets import looks_like_token

ROOT = Path(__file__).resolve().parents[2]
SECRETS = re.compile(
    r"[sr]k_live_\w+|whsec_[0-9A-Za-z+/]{32,}|-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}"
)
TOKENS = re.compile(r"moby_(?:pat|dev)_[0-9A-Za-z]{36}")


def tracked_texts() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return {
        str(path.relative_to(ROOT)): path.read_text(errors="ignore")
        for path in paths
        if path.is_file() and path != Path(__file__)
    }


def test_repository_holds_no_secret() -> None:
    assert {name for name, text in tracked_texts().items() if SECRETS.search(text)} == set()


def test_repository_holds_no_token_with_a_right_checksum() -> None:
    found = [
        (name, token)
        for name, text in tracked_texts().items()
        for token in TOKENS.findall(text)
        if looks_like_token(token) and "0123456789ABCDEFGHIJabcdefghij" not in token
    ]
    assert found == []
