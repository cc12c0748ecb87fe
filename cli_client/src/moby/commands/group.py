"""A bare group, such as `moby auth`: shows the commands in it."""

from cleo.helpers import argument

from moby.command import Command
from moby.errors import MobyError


class GroupCommand(Command):
    arguments = [argument("subcommand", "The command to run.", optional=True, multiple=True)]

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        super().__init__()

    @property
    def help(self) -> str:  # type: ignore[override]  # a plain attribute in Cleo
        lines = [f"<c1>{name}</c1>  {text}" for name, text in self._listing()]
        return "\n".join([f"{self.description}.", "", *lines])

    def handle(self) -> int:
        words = self.argument("subcommand") or []
        if words:
            names = ", ".join(
                name.removeprefix(f"{self.name} ").strip() for name, _ in self._members()
            )
            raise MobyError(
                "usage", f"moby {self.name} has no command {words[0]!r}", f"It has: {names}"
            )
        if self.console.json:
            self.console.document({"commands": dict(self._members())})
            return 0
        self.console.write(f"{self.description}.\n")
        for name, text in self._listing():
            self.console.write(f"  moby {name}  {text}")
        self.console.write(f"\nMore about each: moby {self.name} COMMAND --help")
        return 0

    def _members(self) -> list[tuple[str, str]]:
        found = self.moby.all().items()
        return sorted(
            (name, command.description)
            for name, command in found
            if name.startswith(f"{self.name} ")
            and not command.hidden
            and not isinstance(command, GroupCommand)
        )

    def _listing(self) -> list[tuple[str, str]]:
        members = self._members()
        widest = max(len(name) for name, _ in members)
        return [(name.ljust(widest), text) for name, text in members]
