from moby.api.answers import Session, Sessions
from moby.cli.command import Command
from moby.cli.paging import OPTIONS, note_more, read_pages
from moby.show.instants import local


class ListCommand(Command):
    name = "auth sessions list"
    description = "List the devices that are signed in"
    options = [*OPTIONS]

    def handle(self) -> int:
        page = read_pages(self, "sessions", Sessions)
        if self.console.json:
            self.console.document(page)
            return 0
        if not page["items"]:
            self.console.write("No device is signed in.")
            return 0
        self.console.table(
            ("Device", "Signed in", "Last used", "Expires", "Id"),
            [_row(item) for item in page["items"]],
        )
        note_more(self, page["next_cursor"])
        return 0


def _row(item: Session) -> tuple[str, str, str, str, str]:
    here = " (this one)" if item["current"] else ""
    return (
        f"{item['device']}{here}",
        local(item["created_at"]),
        local(item["last_used_at"]),
        local(item["expires_at"]),
        item["id"],
    )
