"""`moby self-update`."""

import json
from pathlib import Path
from typing import Any

import pytest

from moby.commands.self_update import command_for
from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.parametrize(
    ("latest", "oldest", "line"),
    [
        ("0.1.0", "0.1.0", "moby 0.1.0 is up to date."),
        ("0.0.9", "0.0.1", "moby 0.1.0 is up to date."),
        ("0.10.0", "0.1.0", "Update available: v0.10.0"),
        ("1.0.0", "0.9.0", "This server needs moby v0.9.0 or newer; you have 0.1.0."),
    ],
)
def test_self_update_compares_versions(
    moby: Moby, server: StubServer, latest: str, oldest: str, line: str
) -> None:
    server.on("GET", "client", d.offered(latest, oldest))
    out = moby.run("self-update", "--check").stdout
    assert line in out
    assert ("Get it with: " in out) is ("up to date" not in out)


def test_self_update_as_a_document(moby: Moby, server: StubServer) -> None:
    server.on("GET", "client", d.offered("9.0.0", "0.1.0"))
    document = json.loads(moby.run("self-update", "--check", "--json").stdout)
    assert (document["update_available"], document["update_needed"]) == (True, False)
    assert document["command"]
    assert document["updated"] is False


def test_self_update_of_a_checkout_prints_what_to_type(moby: Moby, server: StubServer) -> None:
    server.on("GET", "client", d.offered("9.0.0"))
    ran = moby.run("self-update")
    assert (ran.code, "Get it with: git -C " in ran.stdout) == (0, True)
    assert ran.stdout.endswith("cli_client pull\n")


def test_self_update_of_a_distribution_names_its_program(
    moby: Moby, server: StubServer, tmp_path: Path
) -> None:
    server.on("GET", "client", d.offered("9.0.0"))
    records = tmp_path / "moby-0.1.0.dist-info"  # as a distribution writes them: no INSTALLER
    records.mkdir()
    (records / "METADATA").write_text("Metadata-Version: 2.1\nName: moby\nVersion: 0.1.0\n")
    (tmp_path / "dnf").write_text("#!/bin/sh\n")
    (tmp_path / "dnf").chmod(0o755)
    path = str(tmp_path)
    ran = moby.process("self-update", PYTHONPATH=path, PATH=path)
    assert ran.stdout.endswith("Get it with: sudo dnf upgrade\n")


FOLDER = {"url": "file:///src/cli client"}
PIPX = "/home/a/.local/share/pipx/venvs/moby"
WHEEL = "https://example.org/client/moby-0.2.0-py3-none-any.whl#sha256=00"


@pytest.mark.parametrize(
    ("prefix", "source", "wheel", "command"),
    [
        (PIPX, {}, WHEEL, f"pipx install --force '{WHEEL}'"),
        (PIPX, {**FOLDER, "dir_info": {}}, WHEEL, f"pipx install --force '{WHEEL}'"),
        (
            PIPX,
            {**FOLDER, "dir_info": {}},
            None,
            f"git -C '/src/cli client' pull && {PIPX}/bin/python -m pip install '/src/cli client'",
        ),
        ("/home/a/.local/share/uv/tools/moby", {}, WHEEL, f"uv tool install --force '{WHEEL}'"),
        (PIPX, {}, None, None),
        ("/v", {**FOLDER, "dir_info": {"editable": True}}, WHEEL, "git -C '/src/cli client' pull"),
        ("/v", {}, WHEEL, None),
        (
            "/v",
            {**FOLDER, "dir_info": {}},
            WHEEL,
            "git -C '/src/cli client' pull && /v/bin/python -m pip install '/src/cli client'",
        ),
    ],
)
def test_update_fits_the_installation(
    prefix: str, source: dict[str, Any], wheel: str | None, command: str | None
) -> None:
    assert command_for(prefix, source, wheel) == command
