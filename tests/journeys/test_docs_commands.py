"""The commands of the quickstart and of the guide, typed as they are written, on a terminal."""

import re
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
import requests

from dev.customer import Customer
from dev.stack import Stack
from tests.docs.pages import DOCS, Step, steps

pytestmark = pytest.mark.usefixtures("books_are_right")

# Pages that begin with a user who is signed in, has a proven phone and $20.00. The quickstart
# begins with nothing.
GUIDE = sorted(page for page in DOCS.rglob("*.md") if steps(page.read_text()))
USER_CODE = r"\b([BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4})\b"
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PUBLIC_IDS = r"(?:acct|call|cid|tok|top|txn|ver)_[0-9A-Za-z]{20}"


class Reader:
    """A reader who types the commands of a page, and acts in the browser and on the phone."""

    def __init__(self, customer: Customer, phone: str) -> None:
        self.customer = customer
        self.phone = phone
        self.seen: dict[str, str] = {}
        self.paid: set[str] = set()
        customer.env |= {"BROWSER": "true", "TERM": "xterm", "COLUMNS": "200"}

    def follow(self, page: Path) -> None:
        for step in steps(self._local(page.read_text())):
            output = self.type(step.command)
            missing = _first_missing(step.output, output)
            assert missing is None, f"{page.name}: $ {step.command}\n{missing}\nnot in\n{output}"

    def type(self, command: str) -> str:
        """Run a line in a shell on a terminal; its variables last."""
        environment = self.customer.home / "environment"
        script = f"{self._filled_in(command)}\ncode=$?; env -0 > {environment}; exit $code"
        with pexpect.spawn(
            "bash", ["-c", script], env=self.customer.env, encoding="utf-8", timeout=240,
            dimensions=(60, 200), cwd=str(self.customer.home),
        ) as shell:  # fmt: skip
            text = self._react(shell)
        for entry in environment.read_text().split("\0"):
            name, _, value = entry.partition("=")
            if name.startswith("MOBY_"):
                self.customer.env[name] = value
        for found in re.findall(PUBLIC_IDS, text):
            self.seen[found.partition("_")[0]] = found
        return text

    def _react(self, shell: "pexpect.spawn[str]") -> str:
        """Act as a person who reads this output."""
        reactions: list[tuple[str, Callable[[str], object]]] = [
            (USER_CODE, self.customer.approve),
            (r"(https?://\S+/c/pay/[^\s\"]+)", self._pay),
            (r"(readable only by you\? \[y/N\]: )", lambda _: shell.sendline("y")),
        ]
        text = ""
        while True:
            patterns = [pattern for pattern, _ in reactions]
            found = shell.expect([*patterns, pexpect.EOF])
            text += shell.before or ""
            if found == len(reactions):
                return ANSI.sub("\n", text).replace("\r", "\n")
            text += str(shell.after)
            _, react = reactions.pop(found)
            react(str(shell.match[1]))

    def _pay(self, checkout_url: str) -> None:
        """Once: a page that was paid says so and asks for nothing."""
        if checkout_url not in self.paid:
            self.paid.add(checkout_url)
            self.customer.pay(checkout_url)

    def _local(self, text: str) -> str:
        """The page for this machine: its own addresses, and a phone of the reader's own."""
        stack, digits = self.customer.stack, self.phone.removeprefix("+44")
        return (
            text.replace("http://localhost:8000", stack.web)
            .replace("+447400123456", self.phone)
            .replace("07400 123456", f"0{digits[:4]} {digits[4:]}")
            .replace("07400123456", f"0{digits}")
        )

    def _filled_in(self, command: str) -> str:
        """Return the command with its examples replaced: by the code that came, an id shown."""
        if re.search(r"\b123456\b", command):
            command = re.sub(r"\b123456\b", self.customer.code_received(self.phone), command)
        return re.sub(r"\b(acct|call|cid|tok|top)_…", lambda m: self.seen[m[1]], command)


def _first_missing(shown: str, output: str) -> str | None:
    """The first line of a page that the output lacks, in order; … stands for anything."""
    lines = iter([line.strip() for line in output.splitlines()])
    for line in shown.splitlines():
        words = [re.escape(part) for part in re.split(r"\s*…\s*", " ".join(line.split()))]
        pattern = r"\s*.*?\s*".join(words)
        if line.strip() and not any(re.search(pattern, " ".join(o.split())) for o in lines):
            return line
    return None


@pytest.fixture(autouse=True, scope="module")
def _destination(stack: Stack) -> None:
    stack.control("numbers", {"number": "+442079460018", "talk_seconds": 65, "outcome": "answer"})


def test_quickstart_takes_a_newcomer_to_a_billed_call(
    new_customer: Callable[[str], Customer],
) -> None:
    newcomer = new_customer("newcomer-of-the-docs")
    Reader(newcomer, "+447400124001").follow(DOCS / "index.md")
    balance = newcomer.moby("balance", "--json").json
    assert (balance["held_cents"], balance["balance_cents"] < 2000) == (0, True)


@pytest.mark.parametrize("page", [p for p in GUIDE if p.name != "index.md"], ids=lambda p: p.stem)
def test_guide_shows_commands_that_run(page: Path, new_customer: Callable[[str], Customer]) -> None:
    reader = new_customer(f"reader-of-{page.stem}")
    phone = f"+4474001241{GUIDE.index(page):02d}"
    reader.log_in_with_token()
    reader.prove(phone)
    reader.top_up("20")
    Reader(reader, phone).follow(page)


def test_quickstart_links_to_pages_that_open(stack: Stack) -> None:
    text = (DOCS / "index.md").read_text()
    text = text.replace("http://localhost:8000", stack.web)
    links = re.findall(r"<(http://[^>]+)>", text.replace("http://127.0.0.1:8001", stack.sandbox))
    assert len(links) == 2
    assert [requests.get(link, timeout=10).status_code for link in links] == [200, 200]


def test_reader_notices_output_that_is_not_there() -> None:
    assert steps("```console\n$ true\na … c\n```\n") == [Step("true", "a … c")]
    assert _first_missing("a … c\nd", "a b c\nd\n") is None
    assert _first_missing("d\na … c", "a b c\nd\n") == "a … c"
