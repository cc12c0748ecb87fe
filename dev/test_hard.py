"""`make test-hard`: every test three times, in mixed order, at three hours, beside two busy loops.

A test that fails here depends on something that it does not set: on load, on order, on the hour.
Each round prints the command that repeats it.
"""

import os
import secrets
import subprocess
import sys

from dev.stack import ROOT

# The true hour; the last seconds of a minute, an hour, a day; and the first of a day.
CLOCKS = ("", "23:59:58", "00:00:01")
# Ends with its parent, even if that is killed.
BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(10_000))"


def play(clock: str) -> int:
    """Run the suite once. Returns the exit code of make."""
    mixed = {"ORDER_SEED": str(secrets.randbelow(100_000))}
    if clock:
        mixed["TEST_CLOCK"] = clock
    print("Round:", *(f"{name}={value}" for name, value in mixed.items()), "make test", flush=True)
    return subprocess.run(
        ["make", "test"], cwd=ROOT, env=os.environ | mixed, check=False
    ).returncode


def main() -> None:
    loops = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
    try:
        codes = [play(clock) for clock in CLOCKS]
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    sys.exit(any(codes))


if __name__ == "__main__":
    main()
