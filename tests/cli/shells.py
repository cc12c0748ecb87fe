"""Programs that a test needs, which this machine may lack."""

import shutil

import pytest


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
