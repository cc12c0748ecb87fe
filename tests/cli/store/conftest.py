"""A keyring that works."""

from pathlib import Path

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.store.keyring import sign_in, use_keyring
from tests.cli.stubs import StubServer


@pytest.fixture
def entries(moby: Moby, server: StubServer) -> Path:
    """Return the file of a working keyring, after a sign-in."""
    entries = use_keyring(moby, "Working")
    server.on("GET", "status", d.STATUS)
    sign_in(moby)
    return entries
