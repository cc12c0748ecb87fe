from moby.api.answers import CallerIds
from moby.cli.command import Command
from moby.show.instants import local
from moby.text import clean


class ListCommand(Command):
    name = "caller-id list"
    description = "List the phones that are proved to be yours"

    def handle(self) -> int:
        found = self.api.get("caller-ids", CallerIds)
        if self.console.json:
            self.console.document(found)
            return 0
        if found["items"]:
            rows = [
                (
                    c["e164"],
                    c["country"],
                    "yes" if c["is_default"] else "",
                    local(c["verified_at"]),
                    c["id"],
                )
                for c in found["items"]
            ]
            self.console.table(("Phone", "Country", "Default", "Proved", "Id"), rows)
        else:
            self.console.write("No phone yet. Prove yours with: moby caller-id request NUMBER")
        pending = found["pending"]
        if pending:
            self.console.write(
                f"A code was sent to {clean(pending['e164'])}: moby caller-id confirm CODE"
            )
        return 0
