"""The guide says what the code does."""

import re
from pathlib import Path

from accounts.models import Scope
from accounts.oauth.device_login import INTERVAL_SECONDS, LIFETIME_SECONDS
from accounts.secrets import checksum, new_secret
from accounts.tokens.lifecycle import DEFAULT_GRACE_SECONDS

GUIDE = Path(__file__).resolve().parents[2] / "docs/guide"


def test_guide_lists_every_scope_in_its_words() -> None:
    rows = re.findall(
        r"^\| `(\w+:\w+)` \| (.+) \|$", (GUIDE / "tokens.md").read_text(), re.MULTILINE
    )
    assert rows == [(str(value), str(label)) for value, label in Scope.choices]


def test_guide_describes_the_tokens_that_are_made() -> None:
    text = (GUIDE / "tokens.md").read_text()
    pattern = re.search(r"^\^moby_.+\$$", text, re.MULTILINE)
    assert pattern is not None
    assert all(re.match(pattern[0], new_secret(kind)) for kind in ("pat", "dev"))
    assert f"`{checksum('0123456789ABCDEFGHIJabcdefghij')}`" in text
    assert DEFAULT_GRACE_SECONDS == 86_400


def test_guide_says_how_long_a_code_lives() -> None:
    text = (GUIDE / "device-login.md").read_text()
    assert f'"expires_in": {LIFETIME_SECONDS}, "interval": {INTERVAL_SECONDS}' in text
