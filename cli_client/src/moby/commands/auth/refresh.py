from cleo.helpers import option

from moby.api.answers import NewToken
from moby.api.idempotency import OPTION, read_key, repeatable
from moby.cli.command import Command
from moby.errors import MobyError, interrupted
from moby.show.instants import relative
from moby.sign_in.storage import choose_storage, store_token
from moby.store.private_files import locked

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
        OPTION,
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
        """Ask for a token only once it is sure that there is a place to keep it."""
        old = self.session.credentials.require()
        if old.storage is None:
            raise MobyError(
                "token_not_stored",
                f"the token comes from {old.source}, where moby cannot replace it",
                "Unset it to renew the stored sign-in, or renew the token on the website.",
            )
        insecure = old.storage == "file"
        storage = choose_storage(self.session, self.console, insecure=insecure)
        key = read_key(self.text("idempotency-key"))
        again = f"moby auth refresh{self.session.options} --grace {grace} --idempotency-key {key}"
        try:
            with repeatable(key):
                new = self.api.post("token/rotate", NewToken, {"grace_seconds": grace}, key=key)
            self._keep(new, storage, again)
        except KeyboardInterrupt as error:
            raise interrupted(hint=f"If the token was replaced, have it with: {again}") from error
        self.api.token_expires_at = new["expires_at"]
        return new

    def _keep(self, new: NewToken, storage: str, again: str) -> None:
        """Put the new token in the place of the old one, which is still there if that fails."""
        email = (self.session.credentials.login or {}).get("email", "")
        try:
            place = store_token(self.session, self.console, storage=storage, token=new["token"])
        except MobyError as error:
            error.hint = (
                f"{error.hint}\nYou are still signed in with the old token, until its grace is "
                f"over. Before that, have the new one again with: {again}"
            ).strip()
            raise
        self.session.remember(place, email, new)
