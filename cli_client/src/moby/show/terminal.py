"""Single keys of a real terminal, read without waiting for Enter."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def single_keys(stream: TextIO) -> Iterator[None]:
    """Keys arrive one by one and unseen; the terminal is put back however this ends."""
    if sys.platform == "win32" or not stream.isatty():
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(stream.fileno())
    try:
        tty.setcbreak(stream.fileno())
        yield
    finally:
        termios.tcsetattr(stream.fileno(), termios.TCSADRAIN, before)


def read_key(stream: TextIO, seconds: float) -> str:
    """The key pressed within that time, or an empty string."""
    ready, _, _ = select.select([stream], [], [], max(0.0, seconds))
    return os.read(stream.fileno(), 1).decode("ascii", "ignore") if ready else ""
