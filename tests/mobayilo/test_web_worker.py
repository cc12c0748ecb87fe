"""Requests that no application sees, since gunicorn cannot read them."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.stack import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = free_port()
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    command = [gunicorn, "mobayilo.wsgi", "--no-control-socket"]
    options = ["--bind", f"127.0.0.1:{port}", "--worker-class", "mobayilo.web_worker.Worker"]
    env = {**os.environ, "ENV_FILE": str(ROOT / "tests/test.env")}
    with subprocess.Popen([*command, *options], cwd=ROOT, env=env) as server:
        for _ in range(600):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        yield port
        server.terminate()


@pytest.mark.parametrize(
    "request_text",
    [
        f"GET /api/cli/v1/rates?number={'1' * 5000} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {'t' * 9000}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nbad name: 1\r\n\r\n",
        "nonsense\r\n\r\n",
    ],
)
def test_request_that_cannot_be_read_gets_the_error_object(port: int, request_text: str) -> None:
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(request_text.encode())
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    error = json.loads(body)["error"]
    assert head.startswith(b"HTTP/1.1 400 ")
    assert (error["code"], error["details"]) == ("invalid_request", {})
    assert f"X-Request-Id: {error['request_id']}".encode() in head
    assert error["message"] == "That request cannot be read, or is too long."
