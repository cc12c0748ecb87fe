"""The entry point: the words of the command line become an exit code."""

import sys
from typing import TYPE_CHECKING

from moby import __version__

if TYPE_CHECKING:
    from moby.context import Context


def console() -> None:
    sys.exit(main(sys.argv[1:]))


def main(words: list[str], context: "Context | None" = None) -> int:
    if words in (["--version"], ["-V"]):
        # Answered here because scripts ask it often, and the rest takes 50 ms to load.
        print(f"moby {__version__}", file=context.stdout if context else None)
        return 0
    try:
        from moby.cli.runner import run
        from moby.context import abandon, system_context

        return run(words, context or system_context())
    except KeyboardInterrupt:
        return 130  # pressed before there was a command to interrupt
    except BrokenPipeError:
        abandon(sys.stdout)  # the reader has seen enough
        return 0


if __name__ == "__main__":
    console()
