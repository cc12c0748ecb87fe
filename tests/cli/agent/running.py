"""An agent that runs, with a program in place of its browser, and a page that the test plays."""

import json
import re
import subprocess
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from dev.stack import wait_until
from tests.cli.program import Moby

# Keeps what comes through its pipe, and ends with the pipe as a browser does.
BROWSER = """#!/bin/sh
echo "$@" > {folder}/arguments
cat <&3 > {folder}/orders
echo > {folder}/ended
"""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document


@dataclass
class RunningAgent:
    moby: Moby
    port: int
    browser: Path
    process: "subprocess.Popen[str]" = field(init=False)

    def __post_init__(self) -> None:
        self.browser.mkdir()
        program = self.browser / "chrome"
        program.write_text(BROWSER.format(folder=self.browser))
        program.chmod(0o755)
        self.moby.env |= {"MOBY_AGENT_PORT": str(self.port), "MOBY_BROWSER": str(program)}

    def start(self, *words: str) -> None:
        orders = self.browser / "orders"
        orders.unlink(missing_ok=True)
        self.process = self.moby.start("agent", "run", "--headless", *words)
        wait_until(
            lambda: (
                self.process.poll() is not None or (orders.exists() and "\0" in orders.read_text())
            ),
            "the agent",
            seconds=30,
        )

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def secret(self) -> str:
        document = json.loads((self.moby.home / "config/agent.json").read_text())
        return str(document["secret"])

    @property
    def code(self) -> str:
        """The code in the address that the browser was sent, as it came through the pipe."""
        found = re.search(r"#([\w-]+)", (self.browser / "orders").read_text())
        assert found is not None
        return found[1]

    def ask(
        self, method: str, path: str, body: object = None, *, secret: str = "", **more: str
    ) -> Answer:
        """Send one request; `more` are headers, an underscore for a dash."""
        given = {name.replace("_", "-").title(): value for name, value in more.items()}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}", **given}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, headers)
        answer = connection.getresponse()
        shown = {name.lower(): value for name, value in answer.getheaders()}
        text = answer.read().decode(errors="replace")
        connection.close()
        return Answer(answer.status, shown, text)

    def command(self, path: str, body: object) -> Answer:
        return self.ask("POST", path, body, secret=self.secret)

    def open_page(self, *, until: str = "") -> "Page":
        page = Page(self, until)
        page.report(microphone="granted")
        wait_until(lambda: bool(self.status()["ready"]), "the page", seconds=30)
        return page

    def wait_for_state(self, call_id: str, state: str | None) -> None:
        """Return when a program that asks for the call gets the state, or 404 for None."""

        def is_shown() -> bool:
            answer = self.ask("GET", f"/v1/calls/{call_id}")
            if state is None:
                return answer.status == 404
            return answer.status == 200 and answer.json == {"state": state}

        wait_until(is_shown, state or "no state", seconds=30)

    def status(self) -> dict[str, Any]:
        return self.moby.run("agent", "status", "--json").json


class Page:
    """Fetches its orders until the agent ends or refuses it, or an order of a kind has come."""

    def __init__(self, agent: RunningAgent, until: str) -> None:
        self._agent = agent
        self._until = until
        self.secret = agent.ask("POST", "/v1/page", {"code": agent.code}).json["secret"]
        self.orders: list[dict[str, Any]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        after = 0
        while True:
            try:
                path, body = "/v1/page/orders", {"after": after}
                answer = self._agent.ask("POST", path, body, secret=self.secret)
            except (OSError, HTTPException):  # the agent has ended, perhaps within an answer
                return
            if answer.status != 200:
                return
            for order in answer.json["orders"]:
                after = order["number"]
                self.orders.append(order)
                if order["kind"] == self._until:
                    return

    def report(self, **news: object) -> None:
        assert self._agent.ask("POST", "/v1/page/news", news, secret=self.secret).status == 200

    def wait_for(self, kind: str) -> dict[str, Any]:
        """Return the first order of that kind."""
        wait_until(lambda: any(one["kind"] == kind for one in self.orders), kind, seconds=30)
        return next(one for one in self.orders if one["kind"] == kind)
