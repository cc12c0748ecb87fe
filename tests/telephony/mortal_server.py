"""A web server that kills itself, as a power cut would, when a function of the product is reached.

`python -m tests.telephony.mortal_server PORT` loads the product once. Each line of its input starts
a server: a fork that prints its process id when it listens. The line is empty, or it names where
the server dies, such as `telephony.calls.place:ring:before`.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        return


def die(*args: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wrapped(function: Callable[..., Any], moment: str) -> Callable[..., Any]:
    def before(*args: Any, **kwargs: Any) -> None:
        die()

    def after(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)
        die()

    return before if moment == "before" else after


def serve(application: WSGIHandler, port: int, point: str) -> None:
    if point:
        module_name, name, moment = point.split(":")
        module = importlib.import_module(module_name)
        setattr(module, name, wrapped(getattr(module, name), moment))
    with make_server("localhost", port, application, ThreadingServer, QuietHandler) as server:
        print(os.getpid(), flush=True)  # noqa: T201 - the test waits for it
        server.serve_forever()


def main() -> None:
    application = get_wsgi_application()
    importlib.import_module("mobayilo.urls")  # every module that imports a function has it by now
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
    for point in sys.stdin:
        if os.fork() == 0:
            try:
                serve(application, int(sys.argv[1]), point.strip())
            finally:
                print("failed", flush=True)  # noqa: T201 - the test fails
                os._exit(1)


if __name__ == "__main__":
    main()
