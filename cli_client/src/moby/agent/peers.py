"""The other end of a connection on this machine: whose it is, and which program listens."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENS = "0A"
_HERE = ("0100007F", "0000000000000000FFFF00000100007F")  # 127.0.0.1, also as IPv6 has it


def user_of_client(client_port: int, server_port: int) -> int | None:
    """Return the user id of the process that connected from a port here to one of ours.

    None where the system does not say. Only Linux does (proc_pid_net(5)).
    """
    for fields in _sockets():
        if _port(fields[1]) == client_port and _port(fields[2]) == server_port:
            return int(fields[7])
    return None


def user_of_server(port: int) -> int | None:
    """Return the user id of the program that listens on a port here, None where unknown."""
    return next((int(fields[7]) for fields in _listening(port)), None)


def program_on(port: int) -> str | None:
    """Return the name and process of the program that listens on a port here, as far as known."""
    nodes = {f"socket:[{fields[9]}]" for fields in _listening(port)}
    for folder in Path("/proc").glob("[0-9]*") if nodes else ():
        if nodes.intersection(_handles(folder)):
            with suppress(OSError):  # it has ended meanwhile
                name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
                return f"{name} (process {folder.name})"
    return None


def _handles(process: Path) -> Iterator[str]:
    """Yield what each open handle of a process leads to, as far as this user may know."""
    with suppress(OSError):  # another user's process, or one that has ended
        for handle in (process / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                yield os.readlink(handle)


def _listening(port: int) -> list[list[str]]:
    return [
        fields
        for fields in _sockets()
        if fields[3] == _LISTENS and _port(fields[1], any_address=True) == port
    ]


def _sockets() -> list[list[str]]:
    lines = []
    for table in _TABLES:
        with suppress(OSError):
            lines += [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
    return lines


def _port(address: str, *, any_address: bool = False) -> int | None:
    host, _, port = address.partition(":")
    return int(port, 16) if any_address or host in _HERE else None
