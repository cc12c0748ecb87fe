from dataclasses import asdict

from cleo.commands.command import Command as CleoCommand
from cleo.helpers import argument

from moby.cli.command import Command
from moby.cli.group import GroupCommand
from moby.errors import MobyError
from moby.help.catalogue import all_commands, describe
from moby.help.pages import command_page, overview, topic_page
from moby.help.topics import TOPICS

_WIDEST = 100


class HelpCommand(Command):
    name = "help"
    description = "Explain a command, or a topic such as exit-codes"
    arguments = [argument("words", "A command or topic.", optional=True, multiple=True)]
    _asked_about: CleoCommand | None = None

    def set_command(self, command: CleoCommand) -> None:
        """Called by Cleo for COMMAND --help."""
        self._asked_about = command

    def handle(self) -> int:
        if self._asked_about is not None:
            return self._explain(self._asked_about)
        name = " ".join(self.argument("words") or [])
        if not name:
            return self._overview()
        if name in TOPICS:
            return self._topic(name)
        if not self.moby.has(name):
            topics = ", ".join(TOPICS)
            raise MobyError(
                "usage", f"there is no command or topic {name!r}", f"Topics: {topics}; or moby help"
            )
        return self._explain(self.moby.get(name))

    @property
    def _width(self) -> int:
        return min(self.console.width, _WIDEST)

    def _overview(self) -> int:
        if self.console.json:
            self.console.document({"commands": [asdict(c) for c in all_commands(self.moby)]})
        else:
            self.console.write(overview(self.moby, self._width))
        return 0

    def _topic(self, name: str) -> int:
        if self.console.json:
            self.console.document({"topic": name, "text": TOPICS[name]})
        else:
            self.console.write(topic_page(TOPICS[name], self._width))
        return 0

    def _explain(self, command: CleoCommand) -> int:
        if isinstance(command, GroupCommand):
            command.show(self.console)
        elif self.console.json:
            self.console.document(asdict(describe(command)))
        else:
            self.console.write(command_page(describe(command), self._width))
        return 0
