"""moby help and moby completions: both are written from the commands themselves."""

from dataclasses import asdict
from pathlib import Path

from cleo.commands.command import Command as CleoCommand
from cleo.helpers import argument, option

from moby import __version__
from moby.bounded import run_bounded
from moby.cli.application import GroupCommand
from moby.cli.command import Command
from moby.errors import MobyError
from moby.help.catalogue import TOPICS, all_commands, describe
from moby.help.completions import script_for, shared_files
from moby.help.pages import command_page, overview, topic_page
from moby.help.values import KINDS
from moby.text import clean

_WIDEST_COLUMNS = 100
_SHELLS = ("bash", "zsh", "fish")
_TAB_SECONDS = 3.0


class HelpCommand(Command):
    name = "help"
    description = "Explain a command, or a topic such as exit-codes"
    arguments = [argument("words", "A command or topic.", optional=True, multiple=True)]
    _asked_about: CleoCommand | None = None

    def set_command(self, command: CleoCommand) -> None:
        """Remember the command of COMMAND --help, for which Cleo calls this."""
        self._asked_about = command

    def handle(self) -> int:
        width = min(self.console.width, _WIDEST_COLUMNS)
        command, name = self._asked_about, " ".join(self.argument("words") or [])
        if command is None:
            if not name:
                commands = [asdict(facts) for facts in all_commands(self.moby)]
                return self.answer({"commands": commands}, overview(self.moby, width))
            if name in TOPICS:
                return self.answer({"topic": name, "text": TOPICS[name]}, topic_page(name, width))
            if not self.moby.has(name):
                problem = f"there is no command or topic {name!r}"
                raise MobyError("usage", problem, f"Topics: {', '.join(TOPICS)}; or moby help")
            command = self.moby.get(name)
        if isinstance(command, GroupCommand):
            command.show(self.console)
            return 0
        facts = describe(command)
        return self.answer(asdict(facts), command_page(facts, width))


class VersionCommand(Command):
    name = "version"
    description = "Show the version of moby"

    def handle(self) -> int:
        return self.answer({"version": __version__}, f"moby {__version__}")


class CompletionsCommand(Command):
    name = "completions"
    description = "Print a script that completes commands with Tab"
    help = (
        "With --install, the scripts for bash, zsh and fish and the manual page are written below "
        "~/.local/share, where bash, fish and man look. For zsh, put this into ~/.zshrc before "
        "compinit:\n\n"
        "  fpath=(~/.local/share/zsh/site-functions $fpath)"
    )
    arguments = [argument("shell", "bash, zsh or fish; else the one you use.", optional=True)]
    options = [
        option("install", None, "Install completions and the manual page.", flag=True),
        option("values", None, f"Print what a script offers: {', '.join(KINDS)}.", flag=False),
    ]

    def handle(self) -> int:
        if self.flag("install"):
            return self._install()
        if kind := self.text("values"):
            return self._print_values(kind)
        login_shell = self.context.environ.get("SHELL", "").rsplit("/", 1)[-1]
        shell = self.argument("shell") or login_shell
        if shell not in _SHELLS:
            raise MobyError(
                "usage", f"there is no completion for {shell!r}", "Use bash, zsh or fish."
            )
        script = script_for(shell, self.moby)
        if self.console.json:
            return self.answer({"shell": shell, "script": script})
        self.console.raw(script.rstrip("\n"))
        return 0

    def _print_values(self, kind: str) -> int:
        """Print values for completion by a shell; raise `timeout` rather than let Tab hang."""
        if kind not in KINDS:
            raise MobyError("usage", f"there are no values of {kind!r}", f"Use {', '.join(KINDS)}.")
        try:
            values = run_bounded(lambda: list(KINDS[kind](self.session)), _TAB_SECONDS)
        except TimeoutError as error:
            raise MobyError("timeout", f"no answer in {_TAB_SECONDS:.0f} seconds") from error
        document = [{"value": value, "meaning": meaning} for value, meaning in values]
        if self.console.json:
            return self.answer({"values": document})
        for value, meaning in values:
            self.console.raw(f"{clean(value)}\t{clean(meaning)}")
        return 0

    def _install(self) -> int:
        """Write the completions and the manual page below XDG_DATA_HOME or ~/.local/share."""
        share = Path(self.context.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
        files = {share / place: text for place, text in shared_files(self.moby).items()}
        for path, text in files.items():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                problem = f"{path} could not be written: {error.strerror}"
                raise MobyError("output_failed", problem) from error
        report = "\n".join(f"Wrote {path}" for path in files)
        return self.answer({"files": [str(path) for path in files]}, report)
