"""The way from a command to the agent of this user."""

import json
import os
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from moby.agent.peers import user_of_server
from moby.agent.phone import OVER, Report
from moby.agent.run_file import ADDRESS, RunFile, read_run_file
from moby.api.answers import VoiceToken
from moby.context import Clock
from moby.errors import MobyError

_TIMEOUT_SECONDS = 5.0
_TICK_SECONDS = 0.2


class AgentGoneError(MobyError):
    """The agent of this run does not answer any more."""

    def __init__(self) -> None:
        super().__init__(
            "agent_not_running", "the agent has ended", "Start it again: moby agent run"
        )


@dataclass
class AgentLink:
    """A way to one run of the agent. `seen` is the last report that it gave of itself."""

    run: RunFile
    seen: Report = field(init=False)

    def look(self) -> Report:
        """Return the new report of the agent, also as `seen`; raise AgentGoneError if it ended."""
        report = self._ask("GET", "/v1/agent")
        if not Report.__required_keys__ <= report.keys():
            # By now the port belongs to another program, or to another user's agent.
            raise AgentGoneError
        self.seen = cast("Report", {name: report[name] for name in Report.__annotations__})
        return self.seen

    @property
    def call_under_way(self) -> str | None:
        line = self.seen["call"]
        return line["call_id"] if line and line["state"] not in OVER else None

    def wait_until_ready(self, clock: Clock, *, within_seconds: float) -> bool:
        """Wait for the page and its microphone; return whether both are there."""
        deadline = clock.now() + within_seconds
        while True:
            seen = self.look()
            if seen["ready"]:
                return True
            if seen["microphone"] in ("refused", "missing") or clock.now() >= deadline:
                return False
            clock.sleep(_TICK_SECONDS)

    def wait_until_free(self, clock: Clock, *, within_seconds: float) -> bool:
        """Wait for the end of a call that is under way; return whether there is none."""
        deadline = clock.now() + within_seconds
        while self.call_under_way and clock.now() < deadline:
            clock.sleep(_TICK_SECONDS)
            self.look()
        return self.call_under_way is None

    def start(self, call_id: str, to: str, voice: VoiceToken) -> None:
        body = {"to": to, "token": voice["token"], "gateway": voice["gateway"]}
        self._act("/v1/calls", {"call_id": call_id, **body})

    def new_url(self) -> str:
        """Return a new address of the page, which works once, to open the page again."""
        return str(self._act("/v1/pages", {})["url"])

    def watch(self, call_id: str) -> None:
        self._act("/v1/calls", {"call_id": call_id})

    def press(self, call_id: str, keys: str) -> None:
        self._act(f"/v1/calls/{call_id}/keys", {"keys": keys})

    def toggle_mute(self, call_id: str) -> bool:
        """Mute the call, or unmute a muted one; return whether it is muted now."""
        return bool(self._act(f"/v1/calls/{call_id}/mute", {})["muted"])

    def hang_up(self, call_id: str) -> None:
        self._act(f"/v1/calls/{call_id}/hangup", {})

    def stop(self) -> None:
        self._act("/v1/stop", {})

    def _act(self, path: str, body: dict[str, object]) -> dict[str, object]:
        """Send a request that acts, and return its answer; raise MobyError if the agent refuses."""
        answer = self._ask("POST", path, body)
        error = answer.get("error")
        if isinstance(error, dict):
            if error.get("code") not in ("agent_busy", "agent_not_ready", "not_found", "usage"):
                raise AgentGoneError
            raise MobyError(str(error["code"]), str(error["message"]), "See: moby agent status")
        return answer

    def _ask(
        self, method: str, path: str, body: dict[str, object] | None = None
    ) -> dict[str, object]:
        """Return the JSON object that the agent answers; raise AgentGoneError if there is none."""
        # Imported here, since it takes 30 ms and help and completions import this module.
        from http.client import HTTPConnection, HTTPException

        headers = {"Authorization": f"Bearer {self.run.secret}", "Content-Type": "application/json"}
        payload = None if body is None else json.dumps(body)
        try:
            with closing(
                HTTPConnection(ADDRESS, self.run.port, timeout=_TIMEOUT_SECONDS)
            ) as connection:
                connection.request(method, path, payload, headers)
                answer = json.loads(connection.getresponse().read())
        except (OSError, HTTPException, ValueError) as error:
            raise AgentGoneError from error
        if not isinstance(answer, dict):
            raise AgentGoneError
        return answer


def find_agent(folder: Path) -> AgentLink | None:
    """Return a link to the running agent of this user, or None.

    A run that was killed leaves its file behind, and any program may take its port. A program of
    another user there gets neither the secret of the run nor the token of a call.
    """
    run = read_run_file(folder)
    if run is None:
        return None
    user_id = user_of_server(run.port)
    if user_id is not None and user_id != os.getuid():
        return None
    link = AgentLink(run)
    try:
        link.look()
    except AgentGoneError:
        return None
    return link
