"""Work that may hang, in a thread that is left behind when its time is over.

Nothing else bounds it on every system: a name look-up takes no time-out, a server that sends a byte
now and then outlives every time-out of a socket, and a keyring waits for a window out of sight.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

_STEP_SECONDS = 1.0
T = TypeVar("T")


def run_bounded(
    action: Callable[[], T],
    seconds: float,
    still_waiting: Callable[[float], None] | None = None,
) -> T:
    """Return what the action returns; raise TimeoutError when the time is over.

    `still_waiting` is called each second with the seconds that have passed.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(action())
        except BaseException as error:  # raised again below, in the thread that waits
            failure.append(error)

    began_at = time.monotonic()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        left = began_at + seconds - time.monotonic()
        if left <= 0:
            raise TimeoutError
        thread.join(min(_STEP_SECONDS, left))
        if still_waiting and thread.is_alive():
            still_waiting(time.monotonic() - began_at)
    if failure:
        raise failure[0]
    return outcome[0]
