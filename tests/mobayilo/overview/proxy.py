"""Proxies in front of a site, on loopback: each appends to X-Forwarded-For as nginx does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dev.stack import direct_session


@contextmanager
def proxies(site: str, *, count: int) -> Iterator[str]:
    """Stand before a site as so many proxies in a row. Yield the address of the outermost."""
    direct = direct_session()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("X-Forwarded-For", "")
            chain = ["198.51.100.7", *(f"10.0.0.{hop}" for hop in range(1, count))][:count]
            forwarded = ", ".join([*filter(None, [given]), *chain])
            headers = {"X-Forwarded-For": forwarded}
            body = direct.get(f"{site}{self.path}", headers=headers, timeout=10).content
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Write nothing: a test has no use for a log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
