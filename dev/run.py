"""`make run`: the product for a person to try, on this machine, without keys."""

import argparse
import ctypes
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dev.stack import BIN, CUSTOMER, ROOT, SUPPORT, Stack

PR_SET_PDEATHSIG = 1
# A developer has no authenticator app at hand; production asks staff for a second factor.
SETTINGS = {"STAFF_MFA_REQUIRED": "false"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--sandbox-port", type=int, default=8001)
    parser.add_argument("--folder", type=Path, default=ROOT / "var", help="where run.json goes")
    wanted = parser.parse_args()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    _end_with_make()
    try:
        with _alone_in(wanted.folder):
            _run(wanted.folder, wanted.port, wanted.sandbox_port)
    except KeyboardInterrupt:
        print("\nStopped.")
    except RuntimeError as problem:
        print(f"make run: {problem}", file=sys.stderr)
        return 1
    return 0


def _end_with_make() -> None:
    """End this process with `make`, which ends without a signal if it is killed (Linux only)."""
    if sys.platform == "linux" and "MAKELEVEL" in os.environ:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Refuse to begin beside another run, whose database would be emptied."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = folder / "run.json"
            raise RuntimeError(f"it runs here already; {told} says where. End it first.") from None
        yield


def _run(folder: Path, port: int, sandbox_port: int) -> None:
    _refuse_taken_port("PORT", port)
    _refuse_taken_port("SANDBOX_PORT", sandbox_port)
    passwords = {CUSTOMER: secrets.token_urlsafe(12), SUPPORT: secrets.token_urlsafe(12)}
    settings = {
        **SETTINGS,
        "CUSTOMER_PASSWORD": passwords[CUSTOMER],
        "SUPPORT_PASSWORD": passwords[SUPPORT],
    }
    shutil.rmtree(folder / "run", ignore_errors=True)
    print("Starting the sandbox, the database and the web server …", flush=True)
    try:
        with Stack(
            folder / "run", port=port, sandbox_port=sandbox_port, settings=settings
        ) as stack:
            _serve(stack, passwords, folder / "run.json")
    finally:
        (folder / "run.json").unlink(missing_ok=True)


def _refuse_taken_port(variable: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise RuntimeError(
                f"port {port}: {error.strerror}. Choose another: make run {variable}={port + 10}"
            ) from None


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _serve(stack: Stack, passwords: dict[str, str], run_file: Path) -> None:
    """Print how to begin, and wait for Ctrl-C or the end of a process."""
    facts = {
        "web": stack.web,
        "sandbox": stack.sandbox,
        "moby": str(BIN / "moby"),
        "customer": {"email": CUSTOMER, "password": passwords[CUSTOMER]},
        "support": {"email": SUPPORT, "password": passwords[SUPPORT]},
    }
    # A program that waits for the file finds it whole.
    unfinished = run_file.with_suffix(".new")
    unfinished.write_text(json.dumps(facts, indent=2) + "\n")
    unfinished.replace(run_file)
    print(_welcome(stack, passwords), flush=True)
    while not (ended := stack.ended_process()):
        signal.sigtimedwait([signal.SIGCHLD], 1)
    raise RuntimeError(f"a process ended by itself.\n{stack.last_lines(ended)}")


def _welcome(stack: Stack, passwords: dict[str, str]) -> str:
    moby = os.path.relpath(BIN / "moby", Path.cwd())
    return f"""
  Mobayilo runs at       {stack.web}
  Customer               {CUSTOMER}   {passwords[CUSTOMER]}
  Support, in the admin  {SUPPORT}    {passwords[SUPPORT]}   {stack.web}/admin/
  The sandbox phone      {stack.sandbox}/phone   (messages and calls of any number)
  Mails                  {stack.sandbox}/mail

  In another terminal:

    export MOBY_HOST={stack.web}
    {moby} auth login

  Ctrl-C stops everything; the next `make run` starts afresh.
"""


if __name__ == "__main__":
    sys.exit(main())
