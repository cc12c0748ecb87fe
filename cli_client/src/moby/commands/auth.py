"""moby auth: the token in use, its life, and the devices that are signed in."""

from dataclasses import dataclass
from urllib.parse import quote

from cleo.helpers import argument, option

from moby.api.answers import NewToken, Sessions, Status
from moby.cli.command import KEY_OPTION, WEB_OPTION, Command, read_key, repeatable
from moby.cli.lists import PAGE_OPTIONS, read_pages, remark_more
from moby.errors import ExitCode, MobyError, interrupted
from moby.sign_in.this_device import (
    LOCAL_FAULTS,
    choose_storage,
    reason_of,
    show_status,
    status_document,
    store_token,
)
from moby.store.credentials import KeyringUnavailableError
from moby.text import clean, days_until, local, relative

_GRACE_SECONDS = "300"
_LONGEST_GRACE_SECONDS = 86_400


class AuthStatusCommand(Command):
    name = "auth status"
    description = "Show who is signed in, and with which token"
    options = [option("offline", None, "Show what is known without asking the server.", flag=True)]

    def handle(self) -> int:
        if self.flag("offline"):
            return self._offline()
        try:
            status = self.api.get("status", Status)
        except MobyError as error:
            return self._not_signed_in(error)
        if self.console.json:
            self.console.document(status_document(self.session, status, None))
        else:
            self.show(status)
        return 0

    def show(self, status: Status) -> None:
        show_status(self.console, self.session, status)

    def _not_signed_in(self, error: MobyError) -> int:
        """Print the document in every case; the exit code distinguishes the cases."""
        is_local = error.code in LOCAL_FAULTS
        if not self.console.json or (error.exit_code is ExitCode.USAGE and not is_local):
            raise error
        try:
            document = status_document(self.session, None, reason_of(error))
        except MobyError:  # it is the configuration itself that cannot be read
            document = status_document(self.session.without_config(), None, reason_of(error))
        self.console.document(document)
        if is_local:
            self.console.remark(f"Note: {error.message}.")
        return error.exit_code

    def _offline(self) -> int:
        """Report what moby remembers of the last sign-in, without asking the server."""
        sources = self.session.credentials.sources()
        is_stored = sources[:1] in (["keyring"], ["file"])
        login = (self.session.credentials.login if is_stored else None) or {}
        expires_at = login.get("expires_at")
        has_expired = expires_at and days_until(expires_at, self.context.clock.now()) <= 0
        reason = "signed_out" if not sources else "expired" if has_expired else None
        if self.console.json:
            document = status_document(self.session, None, reason)
            document["actor"] = {"email": login.get("email")}
            document["offline"] = True
            self.console.document(document)
        else:
            states = {None: "signed in, not checked", "expired": "expired"}
            self.console.fields(
                [
                    ("Server", self.session.host),
                    ("State", states.get(reason, "signed out")),
                    ("Signed in as", login.get("email")),
                    ("Expires", local(expires_at) if expires_at else None),
                    ("Token from", ", then ".join(sources)),
                ]
            )
        return ExitCode.NOT_SIGNED_IN if reason else ExitCode.DONE


class StatusCommand(AuthStatusCommand):
    name = "status"
    description = "The older name of auth status"
    hidden = True

    def handle(self) -> int:
        self.console.remark(
            "Note: moby status is now moby auth status; the old name keeps working."
        )
        return super().handle()


class WhoamiCommand(AuthStatusCommand):
    name = "whoami"
    description = "Show whose account is in use"

    def show(self, status: Status) -> None:
        email, account = clean(status["actor"]["email"]), clean(status["account"]["id"])
        self.console.write(f"{email}, account {account}, at {self.session.host}")


class AuthTokenCommand(Command):
    name = "auth token"
    description = "Print the token in use, for other programs"

    def handle(self) -> int:
        credential = self.session.credentials.require()
        if self.console.json:
            self.console.document({"token": credential.token, "source": credential.source})
        else:
            self.console.raw(credential.token)
        return 0


class AuthRefreshCommand(Command):
    name = "auth refresh"
    description = "Replace the stored token by a new one"
    help = (
        "The new token has the same name and rights and a new life. The old one ends after a\n"
        "grace, so that commands under way can finish."
    )
    options = [
        option("grace", None, "Seconds until the old token ends (300).", flag=False),
        KEY_OPTION,
    ]

    def handle(self) -> int:
        grace_seconds = _read_grace(self.text("grace") or _GRACE_SECONDS)
        with self.session.config.locked("refresh.lock"):
            new = self._rotate(grace_seconds)
        expires = new["expires_at"]
        until = relative(expires, self.context.clock.now()) if expires else "never"
        return self.answer(
            {k: v for k, v in new.items() if k != "token"},
            f"The token is new and expires {until}. The old one ends in {grace_seconds} s.",
        )

    def _rotate(self, grace: int) -> NewToken:
        """Replace the stored token by a new one, and return the new one.

        The new token is requested only after a place for it was found. If storing it fails, the old
        token stays stored, and the error's hint has the command that gets the new one again.
        """
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
        except KeyboardInterrupt as error:
            raise interrupted(hint=f"If the token was replaced, have it with: {again}") from error
        self.api.token_expires_at = new["expires_at"]
        return new


def _read_grace(text: str) -> int:
    """Return the seconds that --grace names; raise `usage` for more than the API takes."""
    if not (text.isascii() and text.isdigit()) or int(text) > _LONGEST_GRACE_SECONDS:
        what = f"--grace {text!r} is not a number of seconds up to {_LONGEST_GRACE_SECONDS}"
        raise MobyError("usage", what, "For example: --grace 300")
    return int(text)


@dataclass(frozen=True)
class _SignOut:
    """The end of one sign-in."""

    host: str
    was_signed_in: bool = True
    revoked: bool = False
    is_kept: bool = False  # the token is still valid, in a keyring that is away


class AuthLogoutCommand(Command):
    name = "auth logout"
    description = "Revoke this device's token and forget it"
    options = [option("all", None, "Sign out of every profile and host kept here.", flag=True)]

    def handle(self) -> int:
        config = self.session.config
        here = [(self.session.profile, self.session.host)]
        everywhere = [(profile, host) for profile, host, _ in config.logins()]
        results = [self._sign_out(*place) for place in (everywhere if self.flag("all") else here)]
        kept_hosts = [result.host for result in results if result.is_kept]
        if kept_hosts:
            hosts = " and ".join(dict.fromkeys(kept_hosts))
            raise MobyError(
                "keyring_unavailable",
                f"moby has forgotten the sign-in to {hosts}, but the token is still in the keyring "
                "and still valid",
                f"Revoke it on {kept_hosts[0]}/settings/tokens.",
            )
        if self.console.json:
            self.console.document(
                {
                    "signed_out": any(result.was_signed_in for result in results),
                    "revoked": bool(results) and all(result.revoked for result in results),
                }
            )
        for name in self.session.credentials.sources():
            if name.startswith("MOBY_"):
                self.console.remark(
                    f"Note: {name} is set, so moby still uses that token. Unset it to sign out "
                    "fully."
                )
        return 0

    def _sign_out(self, profile: str, host: str) -> _SignOut:
        credentials = self.session.credentials_for(profile, host)
        if credentials.login is None:
            self.console.write(f"You are not signed in to {host}; nothing to do.")
            return _SignOut(host, was_signed_in=False)
        note = ""
        try:
            stored = credentials.stored()
            revoked = stored is not None
            if stored is not None:
                self.session.api_with(stored.token, host).delete("token")
        except MobyError as error:
            revoked = error.exit_code is ExitCode.NOT_SIGNED_IN  # expired or revoked before
            if not revoked:
                note = (
                    f"Note: the token could not be revoked ({error.message}). It stays valid until "
                    f"it expires; revoke it on {host}/settings/tokens."
                )
        try:
            credentials.forget()
        except KeyringUnavailableError as error:
            # A keyring that is gone keeps no one signed in: moby has forgotten the entry.
            if not revoked:
                return _SignOut(host, is_kept=True)
            note = f"Note: the keyring entry could not be removed: {error}."
        if note:
            self.console.remark(note)
        self.console.write(f"Signed out of {host}.")
        return _SignOut(host, revoked=revoked)


class LogoutCommand(AuthLogoutCommand):
    name = "logout"
    description = "The short name of auth logout"


class AuthSessionsListCommand(Command):
    name = "auth sessions list"
    description = "List the devices that are signed in"
    options = [*PAGE_OPTIONS, WEB_OPTION]

    def handle(self) -> int:
        if self.opens_page("/settings/devices"):
            return 0
        page = read_pages(self, "sessions", Sessions)
        if self.console.json or not page["items"]:
            return self.answer(page, "No device is signed in.")
        rows = [
            (
                item["device"] + (" (this one)" if item["current"] else ""),
                self.console.when(item["created_at"]),
                self.console.when(item["last_used_at"]),
                local(item["expires_at"]),
                item["id"],
            )
            for item in page["items"]
        ]
        self.console.table(("Device", "Signed in", "Last used", "Expires", "Id"), rows)
        remark_more(self, page["next_cursor"])
        return 0


class AuthSessionsRevokeCommand(Command):
    name = "auth sessions revoke"
    description = "Sign out another device, such as a lost laptop"
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
        revoked = {"id": session, "revoked": True}
        return self.answer(revoked, "Revoked. That device is signed out.")
