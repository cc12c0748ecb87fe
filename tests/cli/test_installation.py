"""The way by which moby was installed."""

from typing import Any

import pytest

from moby.commands.self_update import command_for

FOLDER = {"url": "file:///src/cli_client"}


@pytest.mark.parametrize(
    ("prefix", "source", "command"),
    [
        ("/home/a/.local/share/pipx/venvs/moby", FOLDER, "pipx upgrade moby"),
        ("/home/a/.local/share/uv/tools/moby", {}, "uv tool upgrade moby"),
        ("/v", {**FOLDER, "dir_info": {"editable": True}}, "git -C /src/cli_client pull"),
        ("/v", {}, None),
        (
            "/v",
            {**FOLDER, "dir_info": {}},
            "git -C /src/cli_client pull && /v/bin/python -m pip install /src/cli_client",
        ),
    ],
)
def test_update_fits_the_installation(
    prefix: str, source: dict[str, Any], command: str | None
) -> None:
    assert command_for(prefix, source) == command
