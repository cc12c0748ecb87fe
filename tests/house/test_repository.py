"""Texts that must not be in the repository."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from accounts.secrets import looks_like_token

ROOT = Path(__file__).resolve().parents[2]
SECRETS = re.compile(
    r"[sr]k_live_\w+|whsec_[0-9A-Za-z+/]{32,}|-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}"
)
# A command that gets a package, then options, then the name alone; also as a list of words.
BARE_NAME = re.compile(
    r"""\b(?:pip[x3]?|uv(?:\ tool|\ pip)?|apt(?:-get)?|brew|conda|dnf|poetry|yum)[\s"',]+
    (?:install|upgrade|reinstall|inject|add|run)(?:[\s"',]+-[\w=:-]+)*[\s"',]+moby(?![\w./@+-])
    |\buvx[\s"',]+moby(?![\w./@+-])""",
    re.VERBOSE,
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


def test_no_command_installs_the_strangers_package_of_that_name() -> None:
    """On PyPI, moby is not ours: a command needs an address or a path."""
    allowed = "tests/mobayilo/client/test_checks.py"  # which refuses them
    found = {
        (name, command)
        for name, text in tracked_texts().items()
        for command in BARE_NAME.findall(text)
        if name != allowed
    }
    assert found == set()


@pytest.mark.parametrize(
    ("command", "is_bare"),
    [
        ("pipx upgrade moby", True),
        ("uv tool install --force moby\n", True),
        ("pip install -U 'moby'", True),
        ("uvx moby call", True),
        ('["pip", "install", "moby"]', True),
        ("sudo apt install moby==1", True),
        ("pip install moby @ https://example.org/m.whl", True),
        ("pipx install https://example.org/moby-0.1.0-py3-none-any.whl", False),
        ("pip install ./moby", False),
        ("pip install moby-tools", False),
        ("brew install mobayilo/tap/moby", False),
    ],
)
def test_bare_name_is_found_in_any_form(command: str, is_bare: bool) -> None:
    assert bool(BARE_NAME.search(command)) is is_bare


def test_vendored_voice_sdk_is_the_release_that_its_readme_names() -> None:
    folder = ROOT / "static" / "vendor" / "twilio-voice"
    digest = hashlib.sha256((folder / "twilio.min.js").read_bytes()).hexdigest()
    assert f"`{digest}`" in (folder / "README.md").read_text()
    page = ROOT / "cli_client/src/moby/agent/page"  # in the wheel, which holds no link
    for name in ("twilio.min.js", "LICENSE"):
        assert (page / name).read_bytes() == (folder / name).read_bytes()
