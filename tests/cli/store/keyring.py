"""moby with a keyring of `keyrings/`, chosen by its name."""

from pathlib import Path

from tests.cli import documents as d
from tests.cli.program import Moby, Ran

FOLDER = Path(__file__).parent / "keyrings"


def use_keyring(moby: Moby, name: str) -> Path:
    entries = moby.home / "keyring.json"
    backend = name if "." in name else f"moby_test_keyrings.{name}"
    moby.env |= {
        "PYTHONPATH": str(FOLDER),
        "PYTHON_KEYRING_BACKEND": backend,
        "TEST_KEYRING": str(entries),
    }
    del moby.env["MOBY_KEYRING"]
    return entries


def sign_in(moby: Moby, *words: str) -> Ran:
    return moby.process("auth", "login", "--with-token", *words, typed=d.TOKEN)
