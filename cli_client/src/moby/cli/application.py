"""The application: its commands, the options that they share, and its session."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from cleo.commands.command import Command as CleoCommand
from cleo.helpers import argument, option
from cleo.io.inputs.definition import Definition
from cleo.io.outputs.output import Verbosity
from cleo.loaders.factory_command_loader import FactoryCommandLoader

from moby import __version__
from moby.api.client import Session
from moby.cli.command import Command, Moby
from moby.command_names import COMMANDS, GROUPS
from moby.console import Console
from moby.context import Context
from moby.errors import MobyError, interrupted
from moby.network import Request, Response
from moby.text import columns

if TYPE_CHECKING:
    from cleo.io.io import IO


class GroupCommand(Command):
    """A bare group, such as `moby auth`: shows the commands in it."""

    arguments = [argument("subcommand", "The command to run.", optional=True, multiple=True)]

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        super().__init__()

    def handle(self) -> int:
        words = self.argument("subcommand") or []
        if not words:
            self.show(self.console)
            return 0

        from difflib import get_close_matches  # 5 ms, for a slip only

        names = [name.removeprefix(f"{self.name} ") for name, _ in self._members()]
        close = get_close_matches(words[0], names, 1)
        hint = f"It has: {', '.join(names)}"
        if close:
            hint = f"Did you mean: moby {self.name} {close[0]}"
        raise MobyError("usage", f"moby {self.name} has no command {words[0]!r}", hint)

    def show(self, console: Console) -> None:
        members = self._members()
        if console.json:
            console.document({"commands": dict(members)})
            return
        console.write(f"{self.description}.\n")
        for line in columns([(f"moby {name}", text) for name, text in members], console.width):
            console.write(line)
        console.write(f"\nMore about each: moby {self.name} COMMAND --help")

    def _members(self) -> list[tuple[str, str]]:
        return sorted(
            (name, command.description)
            for name, command in self.moby.all().items()
            if name.startswith(f"{self.name} ")
            and not command.hidden
            and not isinstance(command, GroupCommand)
        )


def load(name: str) -> Callable[[], CleoCommand]:
    """Return the maker of a command: "caller-id list" is CallerIdListCommand in its file."""

    def make() -> CleoCommand:
        module = import_module(f"moby.commands.{COMMANDS[name]}")
        kind = name.replace("-", " ").title().replace(" ", "") + "Command"
        return cast("CleoCommand", getattr(module, kind)())

    return make


def load_group(name: str, description: str) -> Callable[[], CleoCommand]:
    return lambda: GroupCommand(name, description)


_OPTIONS = (
    ("help", "h", True, "Explain a command, or moby itself."),
    ("quiet", "q", True, "Print only errors, and what --json and --csv give."),
    ("verbose", "v|vv|vvv", True, "Show requests; -vvv shows bodies; secrets never."),
    ("version", "V", True, "Print the version of moby."),
    ("ansi", None, True, "Force colours."),
    ("no-ansi", None, True, "Forbid colours."),
    ("no-interaction", "n", True, "Never ask."),
    ("json", None, True, "Print one JSON document instead of text."),
    ("host", None, False, "The server to use, such as https://mobayilo.com."),
    ("token", None, False, "A token for this command; other users may see it in process lists."),
    ("profile", None, False, "The profile to use, where you have several sign-ins."),
)


class Application(Moby):
    def __init__(self, context: Context) -> None:
        super().__init__("moby", __version__)
        self.context = context
        self.console = Console(context)
        self.session: Session | None = None
        self.auto_exits(False)
        self.catch_exceptions(False)
        makers = {name: load(name) for name in COMMANDS}
        groups = {name: load_group(name, text) for name, text in GROUPS.items()}
        self.set_command_loader(FactoryCommandLoader(groups | makers))

    @property
    def default_commands(self) -> list[CleoCommand]:
        return []  # all of ours come from the loader

    @property
    def long_version(self) -> str:
        return f"moby {__version__}"

    @property
    def _default_definition(self) -> Definition:
        definition = Definition([argument("command", "What to do.")])
        for name, short, flag, description in _OPTIONS:
            definition.add_option(option(name, short, description, flag=flag))
        return definition

    def open_session(self, *, host: str | None, token: str | None, profile: str | None) -> Session:
        if token:
            self.console.remark(
                "Note: other users of this machine can see --token in the process list. "
                "MOBY_TOKEN or MOBY_TOKEN_FILE keep it to yourself."
            )
        self.session = Session(self.context, host=host, token=token, profile=profile, watcher=self)
        return self.session

    def _run(self, io: "IO") -> int:
        console = self.console
        levels = {Verbosity.VERBOSE: 1, Verbosity.VERY_VERBOSE: 2, Verbosity.DEBUG: 3}
        console.verbosity = levels.get(io.output.verbosity, 0)
        console.quiet = io.output.is_quiet()
        console.interactive = not io.input.has_parameter_option(["--no-interaction", "-n"])
        plain = console.is_dumb and not io.input.has_parameter_option("--ansi")
        console.decorated_out = io.output.is_decorated() and not plain
        console.decorated_err = io.error_output.is_decorated() and not plain
        try:
            return super()._run(io)
        except KeyboardInterrupt as error:
            raise interrupted() from error

    def show_waiting(self, text: str) -> None:
        self.console.live_wait(text)

    def trace(self, request: Request, response: Response | None, seconds: float) -> None:
        if self.console.verbosity:
            from moby.cli.tracing import trace

            trace(self.console, request, response, seconds)
