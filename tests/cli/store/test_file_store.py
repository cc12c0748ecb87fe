"""Tokens that are kept in a file."""

import json
from pathlib import Path

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.store.keyring import sign_in, use_keyring
from tests.cli.stubs import StubServer


def test_consent_keeps_the_token_in_a_file(moby: Moby, server: StubServer) -> None:
    use_keyring(moby, "Locked")
    server.on("GET", "status", d.STATUS)
    ran = sign_in(moby, "--insecure-storage", "--json")
    assert ran.json["token"]["storage"] == "file"
    assert moby.process("auth", "token").stdout.strip() == d.TOKEN


def test_new_login_in_a_file_empties_the_keyring(
    moby: Moby, server: StubServer, entries: Path
) -> None:
    server.on("GET", "status", d.STATUS)
    assert sign_in(moby, "--insecure-storage").code == 0
    assert json.loads(entries.read_text()) == {}
    assert moby.process("auth", "token").stdout.strip() == d.TOKEN
