from moby.api.answers import TopUps
from moby.cli.command import Command
from moby.cli.paging import OPTIONS, note_more, read_pages
from moby.show.instants import local
from moby.show.money import cents_as_dollars


class ListCommand(Command):
    name = "topups list"
    description = "List the payments made and begun, newest first"
    options = [*OPTIONS]

    def handle(self) -> int:
        page = read_pages(self, "topups", TopUps)
        if self.console.json:
            self.console.document(page)
            return 0
        if not page["items"]:
            self.console.write("No top-ups yet. Try: moby topup 20 --open")
            return 0
        rows = [
            (
                local(t["created_at"]),
                cents_as_dollars(t["amount_cents"]),
                t["status"].replace("_", " "),
                local(t["paid_at"]),
                t["topup_id"],
            )
            for t in page["items"]
        ]
        self.console.table(("Begun", "Amount", "Status", "Paid", "Id"), rows, right="Amount")
        note_more(self, page["next_cursor"])
        return 0
