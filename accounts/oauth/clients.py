"""The programs that may ask for a device login: public clients, without a secret."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """One program, by the id that it sends and the name that people read."""

    client_id: str
    name: str


CLIENTS = {"moby-cli": Client("moby-cli", "moby, the terminal client")}


def client_name(client_id: str) -> str:
    """What people read for a client id; the id itself for a client that is gone."""
    client = CLIENTS.get(client_id)
    return client.name if client else client_id
