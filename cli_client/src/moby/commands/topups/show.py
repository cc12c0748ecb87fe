from urllib.parse import quote

from cleo.helpers import argument

from moby.api.answers import TopUp
from moby.cli.command import Command
from moby.show.instants import local
from moby.show.money import cents_as_dollars


class ShowCommand(Command):
    name = "topups show"
    description = "Show one payment"
    arguments = [argument("topup", "Its id (top_…).")]

    def handle(self) -> int:
        topup = self.api.get(f"topups/{quote(self.word('topup'), safe='')}", TopUp)
        if self.console.json:
            self.console.document(topup)
            return 0
        self.console.fields(
            [
                ("Top-up", topup["topup_id"]),
                ("Amount", cents_as_dollars(topup["amount_cents"])),
                ("Status", topup["status"].replace("_", " ")),
                ("Begun", local(topup["created_at"])),
                ("Paid", local(topup["paid_at"]) if topup["paid_at"] else None),
                ("Pay here", topup["checkout_url"]),
            ]
        )
        return 0
