from cleo.helpers import argument

from moby.cli.command import Command
from moby.errors import MobyError
from moby.help.completions import script_for

_SHELLS = ("bash", "zsh", "fish")


class CompletionsCommand(Command):
    name = "completions"
    description = "Print a script that completes commands with Tab"
    help = (
        "For the shell you use now:\n\n"
        "  bash  moby completions bash > ~/.local/share/bash-completion/completions/moby\n"
        "  zsh   moby completions zsh > ~/.zfunc/_moby   (with ~/.zfunc in fpath)\n"
        "  fish  moby completions fish > ~/.config/fish/completions/moby.fish"
    )
    arguments = [argument("shell", "bash, zsh or fish; else the one you use.", optional=True)]

    def handle(self) -> int:
        used = self.context.environ.get("SHELL", "").rsplit("/", 1)[-1]
        shell = self.argument("shell") or used
        if shell not in _SHELLS:
            raise MobyError(
                "usage", f"there is no completion for {shell!r}", "Use bash, zsh or fish."
            )
        script = script_for(shell, self.moby)
        if self.console.json:
            self.console.document({"shell": shell, "script": script})
        else:
            self.console.raw(script.rstrip("\n"))
        return 0
