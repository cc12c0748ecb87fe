from dataclasses import asdict

from cleo.commands.command import Command as CleoCommand
from cleo.helpers import argument

from moby.cli.application import GroupCommand
from moby.cli.command import Command
from moby.errors import MobyError
from moby.help.catalogue import TOPICS, all_commands, describe
from moby.help.completions import script_for
from moby.help.pages import command_page, overview, topic_page

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


_SHELLS = ("bash", "zsh", "fish")


class CompletionsCommand(Command):
    name = "completions"
    description = "Print a script that completes commands with Tab"
    help = (
        "For the shell you use now:\n\n"
        "  bash  moby completions bash > ~/.local/share/bash-completion/completions/moby\n"
        "  zsh   moby completions zsh > ~/.zfunc/_moby   (with ~/.zfunc in fpath)\n"
        "  fish  moby completions fish > ~/.config/fish/completions/moby.fish"
    )
    arguments = [argument("shell", "bash, zsh or fish; else the one you use.", optional=True)]

    def handle(self) -> int:
        used = self.context.environ.get("SHELL", "").rsplit("/", 1)[-1]
        shell = self.argument("shell") or used
        if shell not in _SHELLS:
            raise MobyError(
                "usage", f"there is no completion for {shell!r}", "Use bash, zsh or fish."
            )
        script = script_for(shell, self.moby)
        if self.console.json:
            self.console.document({"shell": shell, "script": script})
        else:
            self.console.raw(script.rstrip("\n"))
        return 0
