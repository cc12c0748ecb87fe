"""`make run`: the product for a person to try, on this machine, without keys."""

import argparse
import json
import os
import secrets
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

from dev.people import CUSTOMER, SUPPORT
from dev.stack import BIN, ROOT, Stack

RUN_FILE = ROOT / "var" / "run.json"
# Whoever tries the admin here has no authenticator app at hand; production asks for one.
SETTINGS = {"STAFF_MFA_REQUIRED": "false"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--sandbox-port", type=int, default=8001)
    wanted = parser.parse_args()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    passwords = {CUSTOMER: secrets.token_urlsafe(12), SUPPORT: secrets.token_urlsafe(12)}
    settings = {
        **SETTINGS,
        "CUSTOMER_PASSWORD": passwords[CUSTOMER],
        "SUPPORT_PASSWORD": passwords[SUPPORT],
    }
    folder = ROOT / "var" / "run"
    shutil.rmtree(folder, ignore_errors=True)
    print("Starting the sandbox, the database and the web server …", flush=True)
    try:
        with Stack(
            folder, port=wanted.port, sandbox_port=wanted.sandbox_port, settings=settings
        ) as stack:
            _serve(stack, passwords)
    except KeyboardInterrupt:
        print("\nStopped.")
    except RuntimeError as problem:
        print(f"make run: {problem}", file=sys.stderr)
        return 1
    finally:
        RUN_FILE.unlink(missing_ok=True)
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _serve(stack: Stack, passwords: dict[str, str]) -> None:
    """Tells how to begin, and waits for Ctrl-C or the end of a process."""
    RUN_FILE.write_text(json.dumps(_run_file(stack, passwords), indent=2) + "\n")
    print(_welcome(stack, passwords), flush=True)
    while all(process.poll() is None for process in stack.processes):
        signal.sigtimedwait([signal.SIGCHLD], 1)
    raise RuntimeError(f"a process ended by itself; see the logs in {stack.folder}")


def _run_file(stack: Stack, passwords: dict[str, str]) -> dict[str, object]:
    return {
        "web": stack.web,
        "sandbox": stack.sandbox,
        "moby": str(BIN / "moby"),
        "customer": {"email": CUSTOMER, "password": passwords[CUSTOMER]},
        "support": {"email": SUPPORT, "password": passwords[SUPPORT]},
    }


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
