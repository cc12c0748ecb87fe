from cleo.helpers import option

from moby.answers import NewToken, Status
from moby.command import Command
from moby.errors import MobyError
from moby.idempotency import read_key
from moby.instants import relative
from moby.private_files import locked
from moby.signing_in import api_with
from moby.token_storage import store_token

_GRACE_SECONDS = "300"


class RefreshCommand(Command):
    name = "auth refresh"
    description = "Replace the stored token by a new one"
    help = (
        "The new token has the same name and rights and a new life. The old one ends after a\n"
        "grace, so that commands under way can finish."
    )
    options = [
        option("grace", None, "Seconds until the old token ends (300).", flag=False),
    ]

    def handle(self) -> int:
        grace = self._grace()
        with locked(self.session.config.folder, "refresh.lock"):
            new = self._rotate(grace)
        if self.console.json:
            self.console.document({k: v for k, v in new.items() if k != "token"})
            return 0
        expires = new["expires_at"]
        until = relative(expires, self.context.clock.now()) if expires else "never"
        self.console.write(f"The token is new and expires {until}. The old one ends in {grace} s.")
        return 0

    def _grace(self) -> int:
        text = self.text("grace") or _GRACE_SECONDS
        if not (text.isascii() and text.isdigit()) or int(text) > 86_400:
            raise MobyError("usage", f"--grace {text!r} is not a number of seconds up to 86400")
        return int(text)

    def _rotate(self, grace: int) -> NewToken:
        old = self.session.credentials.require()
        if old.storage is None:
            raise MobyError(
                "token_not_stored",
                f"the token comes from {old.source}, where moby cannot replace it",
                "Unset it to renew the stored sign-in, or renew the token on the website.",
            )
        body = {"grace_seconds": grace}
        new = self.api.post("token/rotate", NewToken, body, key=read_key(None))
        place = store_token(self.session, self.console, storage=old.storage, token=new["token"])
        status = api_with(self.session, new["token"]).get("status", Status)
        self.session.remember(place, status)
        return new
