"""The other end of a connection: its user, and the program that listens."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import geteuid
from threading import Event, Thread

import pytest

from moby.agent.peers import program_on, user_of_client, user_of_server
from tests.cli import documents as d
from tests.cli.agent.running import RunningAgent
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.skipif(geteuid() != 0, reason="acts as another user of the machine")
def test_another_user_of_the_machine_gets_no_page(agent: RunningAgent) -> None:
    request = f"GET / HTTP/1.0\\r\\nHost: 127.0.0.1:{agent.port}\\r\\n\\r\\n"
    script = f"exec 3<>/dev/tcp/127.0.0.1/{agent.port}; printf '{request}' >&3; cat <&3"
    command = ["/bin/bash", "-c", script]
    other = subprocess.run(command, user=65_534, capture_output=True, text=True, check=True)
    assert other.stdout.startswith("HTTP/1.0 403")
    own = subprocess.run(command, capture_output=True, text=True, check=True)
    assert own.stdout.startswith("HTTP/1.0 200")


@pytest.mark.usefixtures("signed_in")
def test_foreign_program_on_the_port_is_named(moby: Moby, server: StubServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server.on("GET", "status", d.STATUS)
        port = str(taken.getsockname()[1])
        browser = {"MOBY_BROWSER": "/bin/true", "MOBY_AGENT_PORT": port}
        ran = moby.run("agent", "run", "--headless", "--json", **browser)
    assert (ran.code, ran.error["code"]) == (1, "port_taken")
    assert f"process {os.getpid()}" in ran.error["message"]


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::")]
)
def test_program_that_listens_is_known_until_it_ends(
    family: socket.AddressFamily, address: str
) -> None:
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        assert user_of_server(port) == os.geteuid()
        assert f"(process {os.getpid()})" in str(program_on(port))
    assert (user_of_server(port), program_on(port)) == (None, None)


@contextmanager
def pipes_that_come_and_go() -> Iterator[None]:
    """Have this process open and close pipes all the time."""
    is_over = Event()

    def open_and_close() -> None:
        while not is_over.is_set():
            for end in os.pipe():
                os.close(end)

    thread = Thread(target=open_and_close)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_program_that_listens_is_known_while_it_closes_files() -> None:
    earlier = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as server:
        for end in earlier:
            os.close(end)  # the pipes get numbers below the server's
        with pipes_that_come_and_go():
            port = server.getsockname()[1]
            assert None not in [program_on(port) for _ in range(50)]


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_user_of_a_client_is_known_by_both_ports(address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        port = server.getsockname()[1]
        connect = f"import socket; socket.create_connection(('{address}', {port})).recv(1)"
        with subprocess.Popen([sys.executable, "-c", connect]):
            connection, (_, client_port) = server.accept()
            with connection:
                assert user_of_client(client_port, port) == os.geteuid()
                assert user_of_client(client_port, client_port) is None
