"""Files that are generated from the commands."""

from pathlib import Path

from moby.cli.application import Application
from moby.context import system_context
from moby.generate import generated
from moby.help.catalogue import all_commands

ROOT = Path(__file__).parents[2]


def test_generated_files_are_up_to_date() -> None:
    for path, text in generated().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, "run: python -m moby.generate"


def test_reference_names_every_command_and_option() -> None:
    text = (ROOT / "docs/guide/cli-reference.md").read_text(encoding="utf-8")
    for command in all_commands(Application(system_context())):
        assert f"### moby {command.name}\n" in text
        assert all(f"`{option.usage}`" in text for option in command.options)
