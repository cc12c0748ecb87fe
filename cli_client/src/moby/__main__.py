"""The entry point: the words of the command line become an exit code."""

import gc
import sys
from typing import TYPE_CHECKING

from moby import __version__

if TYPE_CHECKING:
    from moby.context import Context


def console() -> None:
    code = main(sys.argv[1:])
    gc.freeze()  # the process gives all memory back: a last search for garbage costs 20 ms
    sys.exit(code)


def main(words: list[str], context: "Context | None" = None) -> int:
    if words in (["--version"], ["-V"]):
        # Answered here because scripts ask it often, and the rest takes 50 ms to load.
        try:
            print(f"moby {__version__}", file=context.stdout if context else None, flush=True)
        except BrokenPipeError:
            _abandon_output()
        except OSError as error:
            _abandon_output()
            sys.stderr.write(f"moby: the output cannot be written: {error.strerror}\n")
            return 1
        return 0
    try:
        from moby.cli.runner import run
        from moby.context import system_context

        return run(words, context or system_context())
    except KeyboardInterrupt:
        return 130  # pressed before there was a command to interrupt
    except BrokenPipeError:
        _abandon_output()  # the reader has seen enough
        return 0


def _abandon_output() -> None:
    from moby.context import abandon

    abandon(sys.stdout)


if __name__ == "__main__":
    console()
