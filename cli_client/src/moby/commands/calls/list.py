from cleo.helpers import option

from moby.api.answers import Call, Calls
from moby.calls.view import STATES
from moby.cli.command import Command
from moby.cli.csv_output import OPTION as CSV
from moby.cli.csv_output import as_csv, wants_csv
from moby.cli.days import read_day
from moby.cli.paging import OPTIONS, note_more, read_pages
from moby.show.instants import clock_time, local
from moby.show.money import dollars

_COLUMNS = (
    "call_id", "created_at", "from", "to", "extension", "country", "state", "end_reason",
    "answered_at", "ended_at", "duration_seconds", "price_per_minute", "cost",
)  # fmt: skip


class ListCommand(Command):
    name = "calls list"
    description = "List your calls, newest first"
    options = [
        option("state", None, "Only these: completed, busy, …, or active.", flag=False),
        option("country", None, "Only to this country: GB.", flag=False),
        option("number", None, "Only to or from numbers with these digits.", flag=False),
        option("since", None, "From this day (UTC) on: 2026-11-01, or 7d for a week.", flag=False),
        option("until", None, "Up to this day (UTC).", flag=False),
        *OPTIONS,
        CSV,
    ]

    def handle(self) -> int:
        is_csv = wants_csv(self)
        filters = self._filters()
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

    def _filters(self) -> dict[str, str | None]:
        return {
            **{name: self.text(name) for name in ("state", "country", "number")},
            **{name: read_day(name, self.text(name), self.context) for name in ("since", "until")},
        }

    def _show(self, page: Calls) -> None:
        self.console.table(
            ("When", "To", "State", "Time", "Cost", "Id"),
            [_row(call) for call in page["items"]],
            right="Time|Cost",
        )
        note_more(self, page["next_cursor"])


def _row(call: Call) -> tuple[str, str, str, str, str, str]:
    seconds, cost = call["duration_seconds"], call["cost"]
    return (
        local(call["created_at"]),
        call["to"],
        STATES.get(call["state"], call["state"]),
        clock_time(seconds) if seconds is not None else "",
        dollars(cost) if cost is not None else "",
        call["call_id"],
    )
