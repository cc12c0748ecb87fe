"""Topics of the help."""

import pytest

from tests.cli.program import Moby


@pytest.mark.parametrize("topic", ["exit-codes", "environment", "json", "options"])
def test_topics_explain(moby: Moby, topic: str) -> None:
    assert len(moby.run("help", topic).stdout) > 200
    assert moby.run("help", topic, "--json").json["topic"] == topic


def test_topic_is_set_to_the_terminal(moby: Moby) -> None:
    out = moby.process("help", "environment", COLUMNS="60").stdout
    two_lines = (
        "  MOBY_TOKEN_FILE     a file that holds a token, after\n" + 22 * " " + "MOBY_TOKEN\n"
    )
    assert two_lines in out
    assert "MOBY_TOKEN_FILE, the keyring, the file" in out
    assert max(len(line) for line in out.splitlines()) <= 60
