from urllib.parse import quote

from cleo.helpers import argument

from moby.cli.command import Command
from moby.errors import MobyError


class RevokeCommand(Command):
    name = "auth sessions revoke"
    description = "Cut off another device, such as a lost laptop"
    help = (
        "This needs a token with the scope tokens:write, which a sign-in has only when it asks\n"
        "for it. Without one, use the website's page of tokens. To sign out here: moby auth logout."
    )
    arguments = [argument("session", "Its id (tok_…), from moby auth sessions list.")]

    def handle(self) -> int:
        session = self.word("session")
        try:
            self.api.delete(f"sessions/{quote(session, safe='')}")
        except MobyError as error:
            if error.code == "insufficient_scope":
                error.hint = f"Revoke it on {self.session.host}/settings/tokens instead."
            raise
        if self.console.json:
            self.console.document({"id": session, "revoked": True})
        else:
            self.console.write("Revoked. That device is signed out.")
        return 0
