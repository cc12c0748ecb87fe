"""Write the manual page, the completions and the reference, which repeat the commands.

    python -m moby.generate

from the root of the repository; a test holds that the files are those it would write.
"""

import sys
from pathlib import Path

from moby.cli.application import Application
from moby.context import system_context
from moby.help.completions import script_for
from moby.help.pages import man_page, reference

SHARE = Path("cli_client/share")


def generated() -> dict[Path, str]:
    application = Application(system_context())
    return {
        SHARE / "man/man1/moby.1": man_page(application),
        SHARE / "bash-completion/completions/moby": script_for("bash", application),
        SHARE / "zsh/site-functions/_moby": script_for("zsh", application),
        SHARE / "fish/vendor_completions.d/moby.fish": script_for("fish", application),
        Path("docs/guide/cli-reference.md"): reference(application),
    }


def main() -> int:
    for path, text in generated().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
