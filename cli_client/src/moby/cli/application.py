"""The application: its commands, the options that all of them share, and its session."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from cleo.commands.command import Command as CleoCommand
from cleo.helpers import argument, option
from cleo.io.inputs.definition import Definition
from cleo.io.outputs.output import Verbosity
from cleo.loaders.factory_command_loader import FactoryCommandLoader

from moby import __version__
from moby.api.session import Session
from moby.cli.command import Moby
from moby.command_names import COMMANDS, GROUPS
from moby.context import Context
from moby.errors import interrupted
from moby.net.message import Request, Response
from moby.show.console import Console

if TYPE_CHECKING:
    from cleo.io.io import IO


def load(name: str) -> Callable[[], CleoCommand]:
    """The maker of a command: "caller-id list" is ListCommand in moby.commands.caller_id.list."""

    def make() -> CleoCommand:
        path = name.replace("-", "_").replace(" ", ".")
        last = name.rsplit(" ", 1)[-1]
        kind = "".join(word.title() for word in last.split("-")) + "Command"
        return cast("CleoCommand", getattr(import_module(f"moby.commands.{path}"), kind)())

    return make


def load_group(name: str, description: str) -> Callable[[], CleoCommand]:
    def make() -> CleoCommand:
        from moby.cli.group import GroupCommand

        return GroupCommand(name, description)

    return make


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
            self.console.note(
                "Note: other users of this machine can see --token in the process list. "
                "MOBY_TOKEN or MOBY_TOKEN_FILE keep it to yourself."
            )
        self.session = Session(
            self.context, host=host, token=token, profile=profile, trace=self._trace
        )
        return self.session

    def _run(self, io: "IO") -> int:
        self._configure_console(io)
        try:
            return super()._run(io)
        except KeyboardInterrupt as error:
            raise interrupted() from error

    def _configure_console(self, io: "IO") -> None:
        levels = {Verbosity.VERBOSE: 1, Verbosity.VERY_VERBOSE: 2, Verbosity.DEBUG: 3}
        self.console.verbosity = levels.get(io.output.verbosity, 0)
        self.console.quiet = io.output.is_quiet()
        self.console.interactive = not io.input.has_parameter_option(["--no-interaction", "-n"])
        plain = self.console.is_dumb and not io.input.has_parameter_option("--ansi")
        self.console.decorated_out = io.output.is_decorated() and not plain
        self.console.decorated_err = io.error_output.is_decorated() and not plain

    def _trace(self, request: Request, response: Response | None, seconds: float) -> None:
        if self.console.verbosity:
            from moby.cli.tracing import trace

            trace(self.console, request, response, seconds)
