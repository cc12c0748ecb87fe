"""moby calls: list the calls, show one, and hang one up."""

from urllib.parse import quote

from cleo.helpers import argument, option

from moby.api.answers import Call, Calls
from moby.calls import STATES, show_receipt
from moby.cli.command import Command
from moby.cli.lists import (
    CSV_OPTION,
    PAGE_OPTIONS,
    as_csv,
    read_day,
    read_pages,
    remark_more,
    wants_csv,
)
from moby.text import clean, clock_time, dollars, local

_COLUMNS = (
    "call_id", "created_at", "from", "to", "extension", "country", "state", "end_reason",
    "answered_at", "ended_at", "duration_seconds", "price_per_minute", "cost",
)  # fmt: skip


class CallsListCommand(Command):
    name = "calls list"
    description = "List your calls, newest first"
    options = [
        option("state", None, "Only these: completed, busy, …, or active.", flag=False),
        option("country", None, "Only to this country: GB.", flag=False),
        option("number", None, "Only to or from numbers with these digits.", flag=False),
        option("since", None, "From this day (UTC) on: 2026-11-01, or 7d for a week.", flag=False),
        option("until", None, "Up to this day (UTC).", flag=False),
        *PAGE_OPTIONS,
        CSV_OPTION,
    ]

    def handle(self) -> int:
        is_csv = wants_csv(self)
        filters = {name: self.text(name) for name in ("state", "country", "number")}
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
                local(c["created_at"]),
                c["to"],
                STATES.get(c["state"], c["state"]),
                "" if c["duration_seconds"] is None else clock_time(c["duration_seconds"]),
                "" if c["cost"] is None else dollars(c["cost"]),
                c["call_id"],
            )
            for c in page["items"]
        ]
        headings = ("When", "To", "State", "Time", "Cost", "Id")
        self.console.table(headings, rows, right="Time|Cost")
        remark_more(self, page["next_cursor"])


class CallsShowCommand(Command):
    name = "calls show"
    description = "Show a call and what it cost"
    arguments = [argument("call", "Its id (call_…).")]

    def handle(self) -> int:
        call = self.api.get(f"calls/{quote(self.word('call'), safe='')}", Call)
        if self.console.json:
            self.console.document(call)
        else:
            show_receipt(self.console, call)
        return 0


class CallsHangupCommand(Command):
    name = "calls hangup"
    description = "End a call that is under way, from anywhere"
    arguments = [argument("call", "Its id (call_…).")]

    def handle(self) -> int:
        call = self.api.post(
            f"calls/{quote(self.word('call'), safe='')}/hangup", Call, is_idempotent=True
        )
        state = STATES.get(call["state"], clean(call["state"]))
        return self.answer(
            call,
            f"{clean(call['call_id'])}: {state}.",
            f"Receipt: moby calls show {clean(call['call_id'])}",
        )
