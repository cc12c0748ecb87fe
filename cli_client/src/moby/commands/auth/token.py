from moby.cli.command import Command


class TokenCommand(Command):
    name = "auth token"
    description = "Print the token in use, for other programs"

    def handle(self) -> int:
        found = self.session.credentials.require()
        if self.console.json:
            self.console.document({"token": found.token, "source": found.source})
        else:
            self.console.raw(found.token)
        return 0
