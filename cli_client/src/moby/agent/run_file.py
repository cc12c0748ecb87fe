"""The file by which commands find the agent of this user: where it listens, and its secret."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from moby.errors import MobyError
from moby.store.private_files import locked, read_json, remove, write_json

ADDRESS = "127.0.0.1"
PORT = 7788
_FILE = "agent.json"
_LOCK = "agent.lock"


@dataclass(frozen=True)
class RunFile:
    """One run of the agent. `secret` is what its commands show, and is in no other place."""

    pid: int
    port: int
    secret: str
    host: str
    profile: str
    account: str
    is_headless: bool

    def write(self, folder: Path) -> None:
        write_json(folder / _FILE, asdict(self))


def read_run_file(folder: Path) -> RunFile | None:
    """Return the run that the file names, which may have ended; None without a usable file."""
    values = read_json(folder / _FILE)
    fields = RunFile.__annotations__
    if not all(isinstance(values.get(name), kind) for name, kind in fields.items()):
        return None
    return RunFile(**{name: values[name] for name in fields})  # type: ignore[arg-type]  # checked


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Be the one agent of this user; raise `agent_running` if there is another.

    The lock ends with its process, however that ends, and the file of a run with the run.
    """
    with ExitStack() as held:
        try:
            held.enter_context(locked(folder, _LOCK, wait_seconds=0))
        except MobyError as error:
            if error.code != "bad_configuration":
                raise
            other = read_run_file(folder)
            which = f" (process {other.pid})" if other else ""
            raise MobyError(
                "agent_running",
                f"an agent is already running{which}",
                "Look at it: moby agent status. End it: moby agent stop",
            ) from error
        held.callback(remove, folder / _FILE)
        yield


def port_of(environ: Mapping[str, str]) -> int:
    """Return the port of the agent; tests and other users of a machine name another."""
    port = environ.get("MOBY_AGENT_PORT", "")
    if not port:
        return PORT
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        problem = f"MOBY_AGENT_PORT is {port!r}, not a port"
        raise MobyError("usage", problem, "Use a number such as 7788.")
    return int(port)
