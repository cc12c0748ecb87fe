"""`make fuzz SECONDS=600`: tests with examples of chance, round after round, each with new ones.

First every country's numbers are dialled from every other and written in every way, and a call
through the computer is killed at each of its moments, which takes several minutes of its own. Then
a third of the time goes to the doors that take anything, to the API against its schema, and to all
that moves money in any order.
"""

import argparse
import os
import subprocess
import sys
import time

from dev.stack import ROOT

DOORS = ("tests/production/test_fuzz.py", "tests/telephony/numbers/test_fuzz.py")
SWEEPS = (
    "tests/telephony/numbers/test_sweep.py",
    "tests/telephony/numbers/test_spellings.py",
    "tests/journeys/test_kills.py",
)
MONEY = "tests/billing/test_properties.py"
API = "tests/production/test_api_schema.py"


def run(*files: str, seconds: float) -> None:
    """One round. Ends with pytest's exit code when something was found."""
    profile = {"HYPOTHESIS_PROFILE": "fuzz", "FUZZ_SECONDS": str(int(seconds)), "SWEEP": "full"}
    env = {**os.environ, **profile}
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", *files]
    done = subprocess.run(command, cwd=ROOT, env=env, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    third = parser.parse_args().seconds / 3
    run(*SWEEPS, seconds=third)
    end = time.monotonic() + third
    while time.monotonic() < end:
        run(*DOORS, seconds=third)
    run(API, seconds=third)
    run(MONEY, seconds=third)


if __name__ == "__main__":
    main()
