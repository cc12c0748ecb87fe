"""The base of every command: its console, its session, its options and Ctrl-C."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, cast

from cleo.application import Application as CleoApplication
from cleo.commands.command import Command as CleoCommand
from cleo.helpers import option

from moby.api.answers import Status
from moby.api.client import Api, Session
from moby.console import Console
from moby.context import NO_BROWSER, Context
from moby.errors import ExitCode, MobyError, interrupted

if TYPE_CHECKING:
    from cleo.io.io import IO

KEY_OPTION = option(
    "idempotency-key", None, "Use this key, so that a second run does nothing twice.", flag=False
)
WEB_OPTION = option("web", None, "Open its page of the website instead.", flag=True)
# What messages call an argument whose name in the usage is another.
_USUAL_NAMES = {
    "code-or-number": "code",
    "destination": "number",
    "place": "country or number",
}


def read_key(text: str | None) -> str:
    """Return the key that --idempotency-key names, or a new one. Raise `usage` for a bad one."""
    if text is None:
        return f"moby-{secrets.token_hex(12)}"
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", text):
        raise MobyError(
            "usage", "--idempotency-key holds a space or is too long", "Use up to 255 characters."
        )
    return text


@contextmanager
def repeatable(key: str) -> Iterator[None]:
    """Add the key to an error after which the request may have been carried out all the same."""
    try:
        yield
    except MobyError as error:
        if error.retryable:
            error.hint = f"{error.hint}\nTo repeat it safely, add: --idempotency-key {key}".strip()
        raise


class Moby(CleoApplication):
    """The part of `moby.cli.application.Application` that commands use.

    It is declared here because that module imports this one.
    """

    context: Context
    console: Console

    def open_session(self, *, host: str | None, token: str | None, profile: str | None) -> Session:
        raise NotImplementedError


class Command(CleoCommand):
    def execute(self, io: "IO") -> int:
        # Cleo's own version turns Ctrl-C into a silent 1.
        self._io = io
        try:
            return self.handle()
        except KeyboardInterrupt as error:
            raise interrupted() from error

    @property
    def moby(self) -> Moby:
        return cast("Moby", self.application)

    @property
    def context(self) -> Context:
        return self.moby.context

    @property
    def console(self) -> Console:
        return self.moby.console

    @cached_property
    def session(self) -> Session:
        return self.moby.open_session(
            host=self.text("host"), token=self.text("token"), profile=self.text("profile")
        )

    @property
    def api(self) -> Api:
        return self.session.api

    def answer(self, document: object, *lines: str) -> int:
        """Print the document with --json, the lines without it; return exit code 0."""
        if self.console.json:
            self.console.document(document)
        else:
            for line in lines:
                self.console.write(line)
        return ExitCode.DONE

    def opens_page(self, path: str) -> bool:
        """Open a page of the website with --web, and print its address; False without --web."""
        if not self.flag("web"):
            return False
        url = f"{self.session.host}{path}"
        opened = self.context.open_in_browser(url)
        self.answer({"url": url, "opened": opened}, url)
        if not opened:
            self.console.remark(NO_BROWSER)
        return True

    def show_page(self, url: str) -> None:
        """Open a page of this machine, or say its address where no browser can be opened."""
        if not self.context.open_in_browser(url):
            self.console.say(NO_BROWSER)
            self.console.say(url)

    def read_account_id(self) -> str:
        """Return the id of the account of the token, as the server has it."""
        return self.api.get("status", Status)["account"]["id"]

    def waits(self, *, on_terminal: bool = True) -> bool:
        """Return whether to wait for the end: --no-wait wins over --wait.

        With neither, wait on a terminal, unless a script reads the document of --json.
        """
        if self.flag("no-wait"):
            return False
        is_watched = not self.console.json and self.context.stdout.isatty()
        return self.flag("wait") or (on_terminal and is_watched)

    def text(self, option: str) -> str | None:
        """Return the value of an option, stripped; None when it was not given."""
        value = self.option(option)
        if value is None:
            return None
        if not str(value).strip():
            hint = f"Leave it out, or see: moby {self.name} --help"
            raise MobyError("usage", f"--{option} needs a value", hint)
        return str(value).strip()

    def flag(self, option: str) -> bool:
        return bool(self.option(option))

    def texts(self, option: str) -> list[str]:
        """Return the values of an option that may be repeated, or hold several after commas."""
        given = cast("list[str]", self.option(option) or [])
        return [word for value in given for word in value.replace(",", " ").split()]

    def word(self, argument: str, question: str = "") -> str:
        """Return the value of an argument, stripped; several words get a space between them.

        One that is missing is asked for on a terminal, if there is a question. Raise `usage` if
        it is empty, as in a script whose variable is not set.
        """
        value = self.argument(argument)
        if not value and value != "" and question and self.console.can_ask:
            return self.console.ask_until_answered(question)
        words = value if isinstance(value, list) else [value or ""]
        text = " ".join(map(str, words)).strip()
        if not text:
            from moby.help.catalogue import describe  # for a slip only

            what = _USUAL_NAMES.get(argument, argument)
            example = describe(self).examples[0]
            raise MobyError("usage", f"no {what} was given", f"For example: {example}")
        return text
