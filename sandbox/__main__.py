"""`python -m sandbox`: serve until SIGTERM. One JSON line on stdout says where."""

import argparse
import asyncio
import json
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.app import Sandbox
from sandbox.settings import Settings

HOST = "127.0.0.1"


class Protocol(H11Protocol):
    """A protocol that gives the application its connection, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Server(uvicorn.Server):
    """A server that ends with 0 at a signal: uvicorn's own repeats the signal after serving."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8001, help="HTTP port; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, default=8025, help="SMTP port; 0 as above")
    parser.add_argument("--web-url", default="http://localhost:8000", help="where Mobayilo is")
    return parser.parse_args()


async def serve(arguments: argparse.Namespace) -> None:
    sandbox = Sandbox(Settings.from_environment(web_url=arguments.web_url))
    listener = socket.create_server((HOST, arguments.port), backlog=2048)
    config: dict[str, Any] = {"http": Protocol, "ws": "wsproto", "lifespan": "off"}
    config["timeout_graceful_shutdown"] = 2
    # A client on a busy machine may send at the moment when an idle connection ends.
    config["timeout_keep_alive"] = 60
    server = Server(uvicorn.Config(sandbox.app, access_log=False, log_level="warning", **config))
    smtp = await sandbox.mailbox.listen(HOST, arguments.smtp_port)
    ready = {
        "http": f"http://{HOST}:{listener.getsockname()[1]}",
        "smtp": smtp.sockets[0].getsockname()[1],
    }
    print(json.dumps(ready), flush=True)  # noqa: T201 - the contract with the process that started us
    try:
        await server.serve(sockets=[listener])
    finally:
        smtp.close()
        await sandbox.signalling.close()
        await sandbox.courier.close()


def main() -> int:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        asyncio.run(serve(parse_arguments()))
    except KeyError as missing:
        sys.stderr.write(f"{missing.args[0]} is not set\n")
        return 2
    except OSError as problem:
        sys.stderr.write(f"The sandbox cannot listen: {problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
