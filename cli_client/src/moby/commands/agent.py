"""moby agent: the phone of this computer, which calls use while it runs; moby keys: its keypad."""

import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cleo.helpers import argument, option

from moby.agent.link import AgentGoneError, find_agent
from moby.agent.phone import Report, reason_not_ready
from moby.agent.run_file import ADDRESS, RunFile
from moby.cli.command import Command
from moby.errors import MobyError

_STOP_SECONDS = 15.0
_TICK_SECONDS = 0.1
_LOOK_SECONDS = 1.0


class AgentRunCommand(Command):
    name = "agent run"
    description = "Make this computer a phone: calls use its microphone while this runs"
    options = [
        option("headless", None, "Use an installed Chrome or Chromium, with no window.", flag=True)
    ]

    def handle(self) -> int:
        # 40 ms, which no other command should wait for.
        from moby.agent.agent import Agent

        account = self.read_account_id()
        with (
            ended_by_signals(),
            Agent(
                self.session,
                account=account,
                is_headless=self.flag("headless"),
                say=self.console.say,
            ) as agent,
        ):
            address = f"http://{ADDRESS}:{agent.run.port}/"
            if not self.flag("headless"):
                self.show_page(agent.new_url())
            where = "in a Chrome without a window" if self.flag("headless") else f"at {address}"
            document = {"running": True, "address": address, **_facts_of(agent.run)}
            self.answer(
                document,
                f"The agent runs {where}, for account {account}.",
                "Call from another terminal: moby call NUMBER",
                "End it with Ctrl-C, or: moby agent stop",
            )
            shown = _readiness(agent.look())
            while not agent.is_asked_to_stop(within_seconds=_LOOK_SECONDS):
                if shown != (shown := _readiness(agent.look())):
                    self.console.remark(f"The agent is {shown}.")
        return 0


class AgentStatusCommand(Command):
    name = "agent status"
    description = "Show whether the agent runs, and whether it can talk"

    def handle(self) -> int:
        link = find_agent(self.context.config_dir)
        if link is None:
            nothing = {"running": False, "ready": False, "call": None}
            return self.answer(nothing, "No agent is running. Start one: moby agent run")
        report = link.seen
        document = {"running": True, **report, **_facts_of(link.run)}
        call = link.call_under_way
        return self.answer(
            document,
            f"The agent of process {link.run.pid} is {_readiness(report)}.",
            f"Account {link.run.account} on {link.run.host}, profile {link.run.profile}.",
            *([f"In a call: {call}."] if call else []),
        )


class AgentStopCommand(Command):
    name = "agent stop"
    description = "End the agent, and the call that it is in"

    def handle(self) -> int:
        link = find_agent(self.context.config_dir)
        if link is None:
            return self.answer({"stopped": False}, "No agent is running.")
        try:
            link.stop()
            deadline = time.monotonic() + _STOP_SECONDS
            while time.monotonic() < deadline:
                link.look()
                time.sleep(_TICK_SECONDS)
        except AgentGoneError:
            return self.answer({"stopped": True}, "The agent has ended.")
        raise MobyError(
            "agent_running", "the agent did not stop", f"End its process: kill {link.run.pid}"
        )


class KeysCommand(Command):
    name = "keys"
    description = "Send keypad tones into the call that this computer is in"
    arguments = [
        argument("call", "Its id (call_…); else the one under way.", optional=True),
        argument("keys", "The keys: digits, * and #, and w for half a second.", optional=True),
    ]

    def handle(self) -> int:
        call, keys = self.argument("call"), self.argument("keys")
        if keys is None and call is not None and not str(call).startswith("call_"):
            call, keys = None, call
        text = re.sub(r"[\s,-]", "", str(keys or ""))
        if not re.fullmatch(r"[0-9*#wW]{1,64}", text):
            what = f"{keys!r} cannot be sent as keys" if text else "no keys were given"
            hint = "Use 0-9, *, #, and w for a pause: moby keys '1#'"
            raise MobyError("usage", what, hint)
        link = find_agent(self.context.config_dir)
        if link is None:
            what, hint = "no agent is running", "Start one: moby agent run"
            raise MobyError("agent_not_running", what, hint)
        call_id = str(call or link.call_under_way or "")
        if not call_id:
            hint = "See: moby agent status"
            raise MobyError("not_found", "this computer is not in a call", hint)
        link.press(call_id, text.lower())
        return self.answer({"call_id": call_id, "keys": text.lower()}, f"Sent {text.lower()}.")


def _facts_of(run: RunFile) -> dict[str, object]:
    return {
        "pid": run.pid,
        "port": run.port,
        "headless": run.is_headless,
        "host": run.host,
        "profile": run.profile,
        "account": run.account,
    }


def _readiness(report: Report) -> str:
    reason = reason_not_ready(report)
    return f"not ready: {reason}" if reason else "ready"


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """End in order when the terminal closes or the system asks, as with Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no thread but the first is asked
        return

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
