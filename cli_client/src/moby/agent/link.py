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

_SECONDS = 5.0
_TICK_SECONDS = 0.2


class AgentGoneError(MobyError):
    """Nothing of this run answers any more."""

    def __init__(self) -> None:
        super().__init__(
            "agent_not_running", "the agent has ended", "Start it again: moby agent run"
        )


@dataclass
class AgentLink:
    """`seen` is the agent's last report."""

    run: RunFile
    seen: Report = field(init=False)

    def look(self) -> Report:
        """Return the agent's own report; raise AgentGoneError if it has ended."""
        found = self._ask("GET", "/v1/agent")
        if not Report.__required_keys__ <= found.keys():
            raise AgentGoneError  # the port is another program's by now, or another user's agent's
        self.seen = cast("Report", {name: found[name] for name in Report.__annotations__})
        return self.seen

    @property
    def call_under_way(self) -> str | None:
        line = self.seen["call"]
        return line["call_id"] if line and line["state"] not in OVER else None

    def is_ready(self, clock: Clock, *, within_seconds: float) -> bool:
        """Wait for the page and its microphone; return whether both are there."""
        deadline = clock.now() + within_seconds
        while True:
            seen = self.look()
            if seen["ready"]:
                return True
            if seen["microphone"] in ("refused", "missing") or clock.now() >= deadline:
                return False
            clock.sleep(_TICK_SECONDS)

    def is_free(self, clock: Clock, *, within_seconds: float) -> bool:
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
        """Return the address of the page, which opens it once, in place of one that was closed."""
        return str(self._act("/v1/pages", {})["url"])

    def watch(self, call_id: str) -> None:
        self._act("/v1/calls", {"call_id": call_id})

    def press(self, call_id: str, keys: str) -> None:
        self._act(f"/v1/calls/{call_id}/keys", {"keys": keys})

    def toggle_mute(self, call_id: str) -> bool:
        """Mute or unmute; return whether the call is muted then."""
        return bool(self._act(f"/v1/calls/{call_id}/mute", {})["muted"])

    def hang_up(self, call_id: str) -> None:
        self._act(f"/v1/calls/{call_id}/hangup", {})

    def stop(self) -> None:
        self._act("/v1/stop", {})

    def _act(self, path: str, body: dict[str, object]) -> dict[str, object]:
        found = self._ask("POST", path, body)
        error = found.get("error")
        if isinstance(error, dict):
            if error.get("code") not in ("agent_busy", "agent_not_ready", "not_found", "usage"):
                raise AgentGoneError
            raise MobyError(str(error["code"]), str(error["message"]), "See: moby agent status")
        return found

    def _ask(
        self, method: str, path: str, body: dict[str, object] | None = None
    ) -> dict[str, object]:
        # 30 ms, for which neither help nor completion waits.
        from http.client import HTTPConnection, HTTPException

        headers = {"Authorization": f"Bearer {self.run.secret}", "Content-Type": "application/json"}
        payload = None if body is None else json.dumps(body)
        try:
            with closing(HTTPConnection(ADDRESS, self.run.port, timeout=_SECONDS)) as connection:
                connection.request(method, path, payload, headers)
                found = json.loads(connection.getresponse().read())
        except (OSError, HTTPException, ValueError) as error:
            raise AgentGoneError from error
        if not isinstance(found, dict):
            raise AgentGoneError
        return found


def find_agent(folder: Path) -> AgentLink | None:
    """Return the agent of this user that answers, or None.

    A run that was killed leaves its file, and its port to any program: what another user runs
    there is shown neither the secret nor the token of a call.
    """
    run = read_run_file(folder)
    if run is None:
        return None
    user = user_of_server(run.port)
    if user is not None and user != os.getuid():
        return None
    link = AgentLink(run)
    try:
        link.look()
    except AgentGoneError:
        return None
    return link
