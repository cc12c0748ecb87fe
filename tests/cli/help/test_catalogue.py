"""The facts about commands from which help is written."""

import pytest

from tests.cli.program import Moby


@pytest.mark.parametrize(("command", "value"), [("call", "PHONE"), ("rates", "COUNTRY")])
def test_value_of_an_option_is_named_by_its_command(moby: Moby, command: str, value: str) -> None:
    options = moby.run(command, "--help", "--json").json["options"]
    assert ("from", value) in [(option["name"], option["value"]) for option in options]
