"""Write the manual page, the completions and the reference, which repeat the commands.

    python -m moby.generate

from the root of the repository; a test holds that the files are those it would write.
"""

import sys
from pathlib import Path

from moby.cli.application import Application
from moby.context import system_context
from moby.help.completions import shared_files
from moby.help.pages import reference

SHARE = Path("cli_client/share")


def generated() -> dict[Path, str]:
    application = Application(system_context())
    files = {SHARE / place: text for place, text in shared_files(application).items()}
    return {**files, Path("docs/guide/cli-reference.md"): reference(application)}


def main() -> int:
    for path, text in generated().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
