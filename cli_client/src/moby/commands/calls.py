"""moby calls: list the calls, show one, and hang one up."""

from urllib.parse import quote

from cleo.helpers import argument, option

from moby.api.answers import Call, Calls
from moby.calls import ENDED, STATE_STYLES, STATES, read_state, show_receipt
from moby.cli.command import WEB_OPTION, Command
from moby.cli.lists import (
    CSV_OPTION,
    PAGE_OPTIONS,
    as_csv,
    given_or_newest,
    read_day,
    read_pages,
    remark_more,
    wants_csv,
)
from moby.errors import MobyError
from moby.text import clean, clock_time, dollars

_COLUMNS = (
    "call_id", "created_at", "from", "to", "extension", "country", "state", "end_reason",
    "answered_at", "ended_at", "duration_seconds", "price_per_minute", "cost",
)  # fmt: skip


class CallsListCommand(Command):
    name = "calls list"
    description = "List your calls, newest first"
    options = [
        option("state", None, "Only these: ended, busy, …, or active.", flag=False),
        option("country", None, "Only to this country: GB, or Germany.", flag=False),
        option("number", None, "Only to or from numbers with these digits.", flag=False),
        option("since", None, "From this day on: 2026-11-01, or 7d for a week.", flag=False),
        option("until", None, "Up to this day.", flag=False),
        *PAGE_OPTIONS,
        CSV_OPTION,
        WEB_OPTION,
    ]

    def handle(self) -> int:
        if self.opens_page("/calls"):
            return 0
        is_csv = wants_csv(self)
        filters = {name: self.text(name) for name in ("country", "number")}
        filters["state"] = read_state(self.text("state"))
        for name in ("since", "until"):
            filters[name] = read_day(name, self.text(name), self.context)
        page = read_pages(self, "calls", Calls, filters, whole=is_csv)
        if is_csv:
            self.console.raw(as_csv(_COLUMNS, page["items"]))
        elif self.console.json:
            self.console.document(page)
        elif page["items"]:
            self._show(page)
        elif any(filters.values()):
            self.console.write("No such calls.")
        else:
            self.console.write("No calls yet. Try: moby call NUMBER")
        return 0

    def _show(self, page: Calls) -> None:
        rows = [
            (
                self.console.when(c["created_at"]),
                c["to"],
                STATES.get(c["state"], c["state"]),
                "" if c["duration_seconds"] is None else clock_time(c["duration_seconds"]),
                "" if c["cost"] is None else dollars(c["cost"]),
                c["call_id"],
            )
            for c in page["items"]
        ]
        headings = ("When", "To", "State", "Time", "Cost", "Id")
        self.console.table(headings, rows, right="Time|Cost", styles=STATE_STYLES)
        remark_more(self, page["next_cursor"])


class CallsShowCommand(Command):
    name = "calls show"
    description = "Show a call and what it cost"
    arguments = [argument("call", "Its id (call_…); else the newest.", optional=True)]
    options = [WEB_OPTION]

    def handle(self) -> int:
        none_yet, hint = "there are no calls yet", "Try: moby call NUMBER"
        call_id = given_or_newest(self, "call", Calls, none_yet=none_yet, hint=hint)
        if self.opens_page(f"/calls/{quote(call_id, safe='')}"):
            return 0
        call = self.api.get(f"calls/{quote(call_id, safe='')}", Call)
        if self.console.json:
            self.console.document(call)
        else:
            show_receipt(self.console, call)
        return 0


class CallsHangupCommand(Command):
    name = "calls hangup"
    description = "End a call that is under way, from anywhere"
    arguments = [argument("call", "Its id (call_…); else the one under way.", optional=True)]

    def handle(self) -> int:
        call_id = self._running() if self.argument("call") is None else self.word("call")
        call = self.api.post(f"calls/{quote(call_id, safe='')}/hangup", Call, is_idempotent=True)
        state = STATES.get(call["state"], clean(call["state"]))
        return self.answer(
            call,
            f"{clean(call['call_id'])}: {state if call['state'] in ENDED else 'hanging up'}.",
            f"Receipt: moby calls show {clean(call['call_id'])}",
        )

    def _running(self) -> str:
        """Return the id of the call under way; ask about several, or raise `usage`."""
        running = self.api.get("calls", Calls, {"state": "active", "limit": "100"})["items"]
        if not running:
            raise MobyError("not_found", "no call is under way", "See them with: moby calls list")
        if len(running) == 1:
            return running[0]["call_id"]
        calls_in_words = [
            f"{clean(c['call_id'])} to {clean(c['to'])}, {STATES.get(c['state'], c['state'])}"
            for c in running
        ]
        if not self.console.can_ask:
            hint = "\n".join(["Name one: moby calls hangup CALL", *calls_in_words])
            raise MobyError("usage", f"{len(running)} calls are under way", hint)
        return running[self.console.choose("Which one ends?", calls_in_words)]["call_id"]
