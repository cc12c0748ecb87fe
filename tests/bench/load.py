"""Requests a second of an address: `wrk` where it is installed, threads of ours elsewhere."""

import http.client
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

CONNECTIONS = 8


def requests_per_second(url: str, headers: dict[str, str], seconds: int) -> float:
    """Ask 8 at a time for some seconds. Raise if any answer was not 200.

    Each request opens a connection: those that stay belong to the worker that was first to accept,
    and where one worker had all eight, half of the machine would be measured.
    """
    if shutil.which("wrk"):
        return _wrk(url, headers, seconds)
    return _threads(url, headers, seconds)


def _wrk(url: str, headers: dict[str, str], seconds: int) -> float:
    sent = {**headers, "Connection": "close"}
    given = [part for name, value in sent.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *given, url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    return float(found[1])


def _threads(url: str, headers: dict[str, str], seconds: int) -> float:
    parts, counts = urlsplit(url), [0] * CONNECTIONS
    until = time.monotonic() + seconds

    def ask(number: int) -> None:
        while time.monotonic() < until:
            connection = http.client.HTTPConnection(parts.netloc, timeout=10)
            connection.request("GET", parts.path, headers=headers)
            if connection.getresponse().status != 200:
                raise RuntimeError(f"{url} does not answer 200")
            connection.close()
            counts[number] += 1

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask, range(CONNECTIONS)))
    return sum(counts) / seconds
