from moby.answers import Call, Calls
from moby.call_view import STATES
from moby.command import Command
from moby.instants import clock_time, local
from moby.money import dollars
from moby.paging import OPTIONS, read_pages


class ListCommand(Command):
    name = "calls list"
    description = "List your calls, newest first"
    options = [*OPTIONS]

    def handle(self) -> int:
        page = read_pages(self, "calls", Calls)
        if self.console.json:
            self.console.document(page)
            return 0
        if not page["items"]:
            self.console.write("No calls yet. Try: moby call NUMBER")
            return 0
        self.console.table(
            ("When", "To", "State", "Time", "Cost", "Id"),
            [_row(call) for call in page["items"]],
            right="Time|Cost",
        )
        if page["next_cursor"]:
            self.console.note("There is more: add --all, or --limit 100.")
        return 0


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
