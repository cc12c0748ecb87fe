"""moby auth login: sign in by a device login in a browser, or with a token that is given."""

import re
from typing import cast

from cleo.helpers import option

from moby.api.answers import Status
from moby.cli.command import Command
from moby.errors import ExitCode, MobyError
from moby.sign_in.device_login import (
    LoginFlow,
    PendingLogin,
    PendingLogins,
    pending_document,
    poll,
    start,
)
from moby.sign_in.this_device import choose_storage, finish_sign_in, status_document
from moby.store.credentials import read_token
from moby.text import clean, read_cents, relative

_COUNTRY_NAME = re.compile(r"[^\W\d_][^\d+,]*")
_TOKEN_OPTIONS = [
    option("name", None, "A name for the token, as the website lists it.", flag=False),
    option(
        "scopes", None, "Ask for these scopes only, separated by commas.", flag=False, multiple=True
    ),
    option("expires", None, "Let the token end after so many days.", flag=False),
    option("max-per-day", None, "Let it spend at most so many dollars a day.", flag=False),
    option("max-per-call", None, "Let it spend at most so many dollars a call.", flag=False),
    option(
        "allow",
        None,
        "Let it call only there: a country (GB), a prefix (+4420), a number. Repeatable.",
        flag=False,
        multiple=True,
    ),
    option(
        "caller-id",
        None,
        "Let it call only from this phone. Repeatable.",
        flag=False,
        multiple=True,
    ),
]


class AuthLoginCommand(Command):
    name = "auth login"
    description = "Sign in: approve this device in a browser"
    options = [
        option("no-browser", None, "Do not offer to open a browser.", flag=True),
        option(
            "no-wait", None, "Print the page and code as JSON and end (exit code 8).", flag=True
        ),
        option("resume", None, "Finish a login that was started with --no-wait.", flag=True),
        option("with-token", None, "Read a token from standard input instead.", flag=True),
        option(
            "api-token", None, "An older way to give a token; --with-token hides it.", flag=False
        ),
        option("force", None, "Sign in again even if you are signed in.", flag=True),
        option("insecure-storage", None, "Keep the token in a file, in plain text.", flag=True),
        *_TOKEN_OPTIONS,
    ]

    def handle(self) -> int:
        if self.flag("with-token") or self.option("api-token"):
            return self._finish(self._given_token(), self._choose_storage(), is_ours=False)
        if self.flag("resume"):
            return self._resume()
        login_options = read_login_options(self)
        if not login_options and not self.flag("force") and self._is_signed_in():
            return 0
        storage = self._choose_storage()
        pending = start(self.api, self.context.clock, login_options)
        if self.flag("no-wait"):
            return self._leave(pending, storage)
        return self._finish(self._wait(pending, login_options), storage, is_ours=True)

    def _given_token(self) -> str:
        """Return the token of standard input or --api-token; raise `bad_token` if it is none."""
        option_token = self.text("api-token")
        if option_token is None:
            return read_token(self.console.read_secret("Token"))
        self.console.remark(
            "Note: --api-token is kept for older scripts, and others can see it in the process "
            "list. Better: moby auth login --with-token < FILE"
        )
        return read_token(option_token)

    def _is_signed_in(self) -> bool:
        """Report a stored token that is good, so that there is nothing to do.

        A server that is unreachable shows later, when the login starts.
        """
        if self.session.credentials.sources()[:1] not in (["keyring"], ["file"]):
            return False
        try:
            status = self.api.get("status", Status)
        except MobyError:
            return False
        self._report(status, f"You are signed in to {self.session.host} already, as")
        self.console.remark("To sign in again: moby auth login --force")
        return True

    def _choose_storage(self) -> str:
        insecure = self.flag("insecure-storage")
        return choose_storage(self.session, self.console, insecure=insecure)

    @property
    def _flow(self) -> LoginFlow:
        browser = not self.flag("no-browser")
        return LoginFlow(self.context, self.console, self.api, browser=browser)

    @property
    def _pending(self) -> PendingLogins:
        return PendingLogins(self.session.config.folder, self.session.profile, self.session.host)

    def _wait(self, pending: PendingLogin, login_options: dict[str, str]) -> str:
        """Return the token. If the code has expired, ask the person before getting another one."""
        flow = self._flow
        while True:
            flow.show(pending)
            try:
                return flow.wait(pending)
            except MobyError as error:
                if error.code != "login_expired" or not self.console.can_ask:
                    raise
                if not self.console.confirm("The code ran out. Get a new one?", default=True):
                    raise
            pending = start(self.api, self.context.clock, login_options)

    def _resume(self) -> int:
        """Finish a login that was left; with --no-wait ask once, and leave it again."""
        pending, storage = self._pending.load()
        try:
            if self.flag("no-wait"):
                answer = poll(self.api, pending)
                token = str(answer["access_token"]) if answer else None
            else:
                token = self._flow.wait(pending)
        except (MobyError, KeyboardInterrupt):
            # The login is over: a passing fault is no error of `poll` and `wait`, which go on.
            self._pending.drop()
            raise
        if token is None:
            return self._leave(pending, storage)
        self._pending.drop()
        return self._finish(token, storage, is_ours=True)

    def _leave(self, pending: PendingLogin, storage: str) -> int:
        """Keep the login for --resume, and print the page and the code."""
        self._pending.keep(pending, storage)
        resume = f"moby auth login --resume{self.session.options}"
        self.console.document(pending_document(pending, self.context.clock.now(), resume))
        return ExitCode.PENDING

    def _finish(self, token: str, storage: str, *, is_ours: bool) -> int:
        status = finish_sign_in(
            self.session, self.console, token=token, storage=storage, is_ours=is_ours
        )
        self._report(status, f"Signed in to {self.session.host} as")
        winner = self.session.credentials.sources()[0]
        if winner not in ("keyring", "file"):
            self.console.remark(
                f"Note: {winner} is set and still wins over this sign-in; unset it to use this one."
            )
        return 0

    def _report(self, status: Status, opening: str) -> None:
        if self.console.json or self.flag("no-wait"):
            self.console.document(status_document(self.session, status, None))
            return
        token, login = status["token"], self.session.credentials.login or {}
        self.console.write(f"{opening} {clean(status['actor']['email'])}.")
        expires = token["expires_at"]
        until = (
            f"expires {relative(expires, self.context.clock.now())}" if expires else "never expires"
        )
        place = "in the keyring"
        if login.get("storage") == "file":
            place = f"in plain text in {self.session.credentials.file.path}"
        self.console.write(f"The token {clean(token['name'])!r} {until} and is kept {place}.")


class LoginCommand(AuthLoginCommand):
    name = "login"
    description = "The older name of auth login"
    hidden = True

    def handle(self) -> int:
        self.console.remark("Note: moby login is now moby auth login; the old name keeps working.")
        return super().handle()


def read_login_options(command: Command) -> dict[str, str]:
    """Return the fields that the options add to the start of a device login.

    They limit the token; none are given when no option asks for one.
    """
    expires = command.text("expires")
    days = re.fullmatch(r"([1-9]\d{0,3})d?", expires or "", re.ASCII)
    if expires is not None and days is None:
        wrong = f"--expires {expires!r} is not a number of days"
        raise MobyError("usage", wrong, "For example: 30")
    phones = command.texts("caller-id")
    for phone in phones:
        if not re.fullmatch(r"\+[1-9]\d{6,14}", phone, re.ASCII):
            wrong = f"--caller-id {phone!r} has to begin with + and the country code"
            raise MobyError("usage", wrong, "For example: --caller-id +447400123456")
    fields = {
        "token_name": command.text("name"),
        "scope": " ".join(command.texts("scopes")),
        "expires_in_days": days[1] if days else None,
        "max_cents_per_day": _cents(command.text("max-per-day"), "--max-per-day"),
        "max_cents_per_call": _cents(command.text("max-per-call"), "--max-per-call"),
        "destinations": ", ".join(_destinations(command)),
        "caller_ids": " ".join(phones),
    }
    return {name: value for name, value in fields.items() if value}


def _cents(text: str | None, name: str) -> str | None:
    if text is None:
        return None
    cents = read_cents(text, option=name)
    if not cents:
        raise MobyError("bad_amount", f"{name} has to be more than $0", f"For example: {name} 5.00")
    return str(cents)


def _destinations(command: Command) -> list[str]:
    """Return the values of --allow, separated by commas; a country's name may have spaces.

    Which country a name means, the server knows.
    """
    values = cast("list[str]", command.option("allow") or [])
    destinations: list[str] = []
    for part in (part.strip() for value in values for part in value.split(",")):
        destinations += [part] if _COUNTRY_NAME.fullmatch(part) else part.split()
    for word in destinations:
        is_prefix = re.fullmatch(r"\+[1-9]\d{0,14}", word, re.ASCII)
        if not is_prefix and not _COUNTRY_NAME.fullmatch(word):
            raise MobyError(
                "usage",
                f"--allow {word!r} is not a country, prefix or number",
                "For example: --allow GB --allow +4420 --allow +442079460018",
            )
    return destinations
