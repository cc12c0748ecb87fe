from cleo.helpers import option

from moby.api.answers import Transactions
from moby.cli.command import Command
from moby.cli.csv_output import OPTION as CSV
from moby.cli.csv_output import as_csv, wants_csv
from moby.cli.days import read_day
from moby.cli.paging import OPTIONS, note_more, read_pages
from moby.show.instants import local
from moby.show.money import dollars

_COLUMNS = ("id", "created_at", "kind", "description", "amount", "balance_after", "reference")


class TransactionsCommand(Command):
    name = "transactions"
    description = "List every movement of money, newest first"
    options = [
        option("since", None, "From this day on: 2026-11-01, or 7d for a week back.", flag=False),
        *OPTIONS,
        CSV,
    ]

    def handle(self) -> int:
        is_csv = wants_csv(self)
        since = read_day("since", self.text("since"), self.context)
        page = read_pages(self, "transactions", Transactions, {"since": since}, whole=is_csv)
        if is_csv:
            self.console.raw(as_csv(_COLUMNS, page["items"], words="description"))
        elif self.console.json:
            self.console.document(page)
        else:
            self._show(page)
        return 0

    def _show(self, page: Transactions) -> None:
        if not page["items"]:
            self.console.note("Nothing yet.")
            return
        rows = [
            (
                local(t["created_at"]),
                t["description"].partition(": ")[0],  # the arithmetic is in --csv and --json
                dollars(t["amount"]),
                dollars(t["balance_after"]),
            )
            for t in page["items"]
        ]
        self.console.table(("When", "What", "Amount", "Balance"), rows, right="Amount|Balance")
        note_more(self, page["next_cursor"])
