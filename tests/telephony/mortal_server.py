"""A web server that kills itself, as a power cut would, when a function of the product is reached.

`python -m tests.telephony.mortal_server PORT [module:function:before|after]`
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

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


def main() -> None:
    application = get_wsgi_application()
    if len(sys.argv) > 2:
        module_name, name, moment = sys.argv[2].split(":")
        importlib.import_module("mobayilo.urls")  # whoever imports the function has it by now
        module = importlib.import_module(module_name)
        setattr(module, name, wrapped(getattr(module, name), moment))
    port = int(sys.argv[1])
    with make_server("localhost", port, application, ThreadingServer, QuietHandler) as server:
        print("ready", flush=True)  # noqa: T201 - whoever started us waits for it
        server.serve_forever()


if __name__ == "__main__":
    main()
