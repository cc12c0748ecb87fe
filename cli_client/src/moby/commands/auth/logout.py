from cleo.helpers import option

from moby.cli.command import Command
from moby.errors import MobyError
from moby.exit_codes import ExitCode
from moby.sign_in.finish import api_with
from moby.store.credentials import Credential, Credentials
from moby.store.keyring_store import KeyringUnavailableError


class LogoutCommand(Command):
    name = "auth logout"
    description = "Revoke this device's token and forget it"
    options = [option("all", None, "Sign out of every profile and host kept here.", flag=True)]

    def handle(self) -> int:
        config = self.session.config
        here = [(self.session.profile, self.session.host)]
        everywhere = [(profile, host) for profile, host, _ in config.logins()]
        results = [self._sign_out(*place) for place in (everywhere if self.flag("all") else here)]
        if self.console.json:
            self.console.document(
                {
                    "signed_out": any(found for found, _ in results),
                    "revoked": bool(results) and all(revoked for _, revoked in results),
                }
            )
        self._remind_of_environment()
        return 0

    def _sign_out(self, profile: str, host: str) -> tuple[bool, bool]:
        """Was there a sign-in, and was its token ended?"""
        credentials = self.session.credentials_for(profile, host)
        if credentials.login is None:
            self.console.write(f"You are not signed in to {host}; nothing to do.")
            return False, False
        revoked = self._revoke(credentials, host)
        self._forget(credentials)
        self.console.write(f"Signed out of {host}.")
        return True, revoked

    def _revoke(self, credentials: Credentials, host: str) -> bool:
        try:
            stored: Credential | None = credentials.stored()
            if stored is not None:
                api_with(self.session, stored.token, host=host).delete("token")
        except MobyError as error:
            if error.exit_code is ExitCode.NOT_SIGNED_IN:
                return True  # it was expired or revoked before
            self.console.note(
                f"Note: the token could not be revoked ({error.message}). It stays valid until it "
                f"expires; revoke it on {host}/settings/tokens."
            )
            return False
        return stored is not None

    def _forget(self, credentials: Credentials) -> None:
        try:
            credentials.forget()
        except KeyringUnavailableError as error:
            # It must not keep anyone signed in: moby has forgotten the entry, the keyring has not.
            self.console.note(f"Note: the keyring entry could not be removed: {error}.")

    def _remind_of_environment(self) -> None:
        left = [s for s in self.session.credentials.sources() if s not in ("keyring", "file")]
        if left:
            self.console.note(f"Note: {' and '.join(left)} still gives a token to moby.")
