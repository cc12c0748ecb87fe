import csv
import io
import re

from cleo.helpers import option

from moby.answers import Transaction, Transactions
from moby.command import Command
from moby.errors import MobyError
from moby.instants import from_now, local
from moby.money import dollars
from moby.paging import OPTIONS, read_pages

_COLUMNS = ("id", "created_at", "kind", "description", "amount", "balance_after", "reference")


class TransactionsCommand(Command):
    name = "transactions"
    description = "List every movement of money, newest first"
    options = [
        option("since", None, "From this day on: 2026-11-01, or 7d for a week back.", flag=False),
        *OPTIONS,
        option("csv", None, "Print all as comma-separated values.", flag=True),
    ]

    def handle(self) -> int:
        if self.flag("csv") and self.console.json:
            raise MobyError("usage", "--csv and --json exclude each other", "Leave one out.")
        query = {"since": self._since()}
        page = read_pages(self, "transactions", Transactions, query, whole=self.flag("csv"))
        if self.flag("csv"):
            self.console.raw(_as_csv(page["items"]))
        elif self.console.json:
            self.console.document(page)
        else:
            self._show(page)
        return 0

    def _since(self) -> str | None:
        since = self.text("since")
        if since is None or re.fullmatch(r"\d{4}-\d\d-\d\d", since):
            return since
        days = re.fullmatch(r"(\d{1,4})d", since)
        if days is None:
            raise MobyError(
                "usage", f"--since {since!r} is not a day", "Write 2026-11-01, or 7d for a week."
            )
        return from_now(-86_400 * int(days[1]), self.context.clock.now())[:10]

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
        if page["next_cursor"]:
            self.console.note("There is more: add --all, or --limit 100.")


def _as_csv(items: list[Transaction]) -> str:
    """Values that a spreadsheet would run as a formula get a quote in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for item in items:
        writer.writerow([_inert(name, str(item.get(name, ""))) for name in _COLUMNS])
    return text.getvalue().rstrip("\n")


def _inert(name: str, value: str) -> str:
    return f"'{value}" if name == "description" and value[:1] in "=+-@" else value
