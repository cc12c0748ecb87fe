from cleo.helpers import option

from moby.api.answers import Status
from moby.cli.command import Command
from moby.errors import MobyError
from moby.exit_codes import ExitCode
from moby.show.instants import days_until, local
from moby.sign_in.status_report import LOCAL_FAULTS, reason_of, show_status, status_document


class StatusCommand(Command):
    name = "auth status"
    description = "Show who is signed in, and with which token"
    options = [
        option("offline", None, "Say what is known here, without network or keyring.", flag=True)
    ]

    def handle(self) -> int:
        return self._offline() if self.flag("offline") else self._online()

    def _online(self) -> int:
        try:
            status = self.api.get("status", Status)
        except MobyError as error:
            return self._not_signed_in(error)
        if self.console.json:
            self.console.document(status_document(self.session, status, None))
        else:
            show_status(self.console, self.session, status)
        return 0

    def _not_signed_in(self, error: MobyError) -> int:
        """The document is printed in every case; the exit code tells the cases apart."""
        is_local = error.code in LOCAL_FAULTS
        if not self.console.json or (error.exit_code is ExitCode.USAGE and not is_local):
            raise error
        try:
            document = status_document(self.session, None, reason_of(error))
        except MobyError:  # it is the configuration itself that cannot be read
            document = status_document(self.session.without_config(), None, reason_of(error))
        self.console.document(document)
        if is_local:
            self.console.note(f"Note: {error.message}.")
        return ExitCode.UNAVAILABLE if error.code == "keyring_unavailable" else error.exit_code

    def _offline(self) -> int:
        sources = self.session.credentials.sources()
        login = self.session.credentials.login if sources[:1] in (["keyring"], ["file"]) else None
        expires_at = (login or {}).get("expires_at")
        over = expires_at and days_until(expires_at, self.context.clock.now()) <= 0
        reason = "signed_out" if not sources else "expired" if over else None
        if self.console.json:
            document = status_document(self.session, None, reason)
            document["actor"] = {"email": (login or {}).get("email")}
            document["offline"] = True
            self.console.document(document)
        else:
            self._show_offline(sources, reason, login.get("email") if login else None, expires_at)
        return ExitCode.NOT_SIGNED_IN if reason else ExitCode.DONE

    def _show_offline(
        self, sources: list[str], reason: str | None, email: str | None, expires_at: str | None
    ) -> None:
        self.console.fields(
            [
                ("Server", self.session.host),
                (
                    "State",
                    {None: "signed in, not checked", "expired": "expired"}.get(
                        reason, "signed out"
                    ),
                ),
                ("Signed in as", email),
                ("Expires", local(expires_at) if expires_at else None),
                ("Token from", ", then ".join(sources)),
            ]
        )
