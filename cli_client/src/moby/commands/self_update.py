from cleo.helpers import option

from moby import __version__
from moby.api.answers import Client
from moby.cli.command import Command
from moby.installation import update_command
from moby.text import clean


class SelfUpdateCommand(Command):
    name = "self-update"
    description = "Tell whether there is a newer moby, and how to get it"
    help = "moby never changes itself: it names the command that brings it up to date."
    options = [option("check", None, "Only look; that is all it ever does.", flag=True)]

    def handle(self) -> int:
        client = self.api.get("client", Client, public=True)
        latest, oldest = clean(client["latest_version"]), clean(client["min_version"])
        newer = _parts(latest) > _parts(__version__)
        needed = _parts(oldest) > _parts(__version__)
        command = update_command() or clean(client["install_command"])
        if self.console.json:
            self.console.document(
                {
                    "current_version": __version__,
                    "latest_version": latest,
                    "min_version": oldest,
                    "update_available": newer,
                    "update_needed": needed,
                    "command": command if newer or needed else None,
                }
            )
            return 0
        if needed:
            self.console.write(
                f"This server needs moby v{oldest} or newer; you have {__version__}."
            )
        if newer or needed:
            self.console.write(f"Update available: v{latest}")
            self.console.write(f"Get it with: {command}")
        else:
            self.console.write(f"moby {__version__} is up to date.")
        return 0


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
