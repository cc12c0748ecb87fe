"""A bare group, such as `moby auth`: shows the commands in it."""

from difflib import get_close_matches

from cleo.helpers import argument

from moby.cli.command import Command
from moby.errors import MobyError
from moby.show.columns import columns
from moby.show.console import Console


class GroupCommand(Command):
    arguments = [argument("subcommand", "The command to run.", optional=True, multiple=True)]

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        super().__init__()

    def handle(self) -> int:
        words = self.argument("subcommand") or []
        if words:
            raise self._unknown(words[0])
        self.show(self.console)
        return 0

    def show(self, console: Console) -> None:
        members = self._members()
        if console.json:
            console.document({"commands": dict(members)})
            return
        console.write(f"{self.description}.\n")
        for line in columns([(f"moby {name}", text) for name, text in members], console.width):
            console.write(line)
        console.write(f"\nMore about each: moby {self.name} COMMAND --help")

    def _unknown(self, word: str) -> MobyError:
        names = [name.removeprefix(f"{self.name} ") for name, _ in self._members()]
        close = get_close_matches(word, names, 1)
        hint = (
            f"Did you mean: moby {self.name} {close[0]}" if close else f"It has: {', '.join(names)}"
        )
        return MobyError("usage", f"moby {self.name} has no command {word!r}", hint)

    def _members(self) -> list[tuple[str, str]]:
        found = self.moby.all()
        return sorted(
            (name, command.description)
            for name, command in found.items()
            if name.startswith(f"{self.name} ")
            and not command.hidden
            and not isinstance(command, GroupCommand)
        )
