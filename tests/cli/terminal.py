"""moby on a terminal, read to its end."""

import re

import pexpect

from tests.cli import documents as d
from tests.cli.program import Moby

QUICK = {**d.DEVICE, "interval": 0.5}


def opened(moby: Moby) -> list[str]:
    file = moby.home / "opened"
    return file.read_text().splitlines() if file.exists() else []


def finish(child: "pexpect.spawn[str]") -> tuple[str, int]:
    """Return the rest of the output, without colours and cursor movements, and the exit code."""
    child.expect(pexpect.EOF)
    child.close()
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", str(child.before))
    return text, int(child.exitstatus if child.exitstatus is not None else -1)
