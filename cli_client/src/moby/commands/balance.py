"""moby balance and moby transactions: what is on the account, and the movements of money."""

from cleo.helpers import option

from moby.api.answers import Balance, Transactions
from moby.calls import remark_low_balance
from moby.cli.command import WEB_OPTION, Command
from moby.cli.lists import (
    CSV_OPTION,
    PAGE_OPTIONS,
    as_csv,
    read_day,
    read_pages,
    remark_more,
    wants_csv,
)
from moby.text import cents_as_dollars, dollars

_COLUMNS = ("id", "created_at", "kind", "description", "amount", "balance_after", "reference")


class BalanceCommand(Command):
    name = "balance"
    description = "Show what is on the account"
    options = [WEB_OPTION]

    def handle(self) -> int:
        if self.opens_page("/statement"):
            return 0
        balance = self.api.get("balance", Balance)
        if self.console.json:
            return self.answer(balance)
        self.console.write(f"Balance: {cents_as_dollars(balance['balance_cents'])}")
        if balance["held_cents"]:
            available_cents = balance["available_cents"]
            # The difference, so that the three add up: each is rounded to cents on its own.
            held_cents = balance["balance_cents"] - available_cents
            self.console.write(f"Held for calls under way: {cents_as_dollars(held_cents)}")
            self.console.write(f"Available: {cents_as_dollars(available_cents)}")
        remark_low_balance(self.console, balance)
        return 0


class TransactionsCommand(Command):
    name = "transactions"
    description = "List every movement of money, newest first"
    options = [
        option("since", None, "From this day on: 2026-11-01, or 7d for a week back.", flag=False),
        *PAGE_OPTIONS,
        CSV_OPTION,
        WEB_OPTION,
    ]

    def handle(self) -> int:
        if self.opens_page("/statement"):
            return 0
        is_csv = wants_csv(self)
        since = read_day("since", self.text("since"), self.context)
        page = read_pages(self, "transactions", Transactions, {"since": since}, whole=is_csv)
        if is_csv:
            self.console.raw(as_csv(_COLUMNS, page["items"]))
        elif self.console.json:
            self.console.document(page)
        elif not page["items"]:
            self.console.remark("Nothing yet.")
        else:
            rows = [
                (
                    self.console.when(t["created_at"]),
                    t["description"].partition(": ")[0],  # the arithmetic is in --csv and --json
                    dollars(t["amount"]),
                    dollars(t["balance_after"]),
                )
                for t in page["items"]
            ]
            self.console.table(("When", "What", "Amount", "Balance"), rows, right="Amount|Balance")
            remark_more(self, page["next_cursor"])
        return 0
