from cleo.helpers import argument

from moby.calls.caller_ids import find_caller_id
from moby.cli.command import Command


class RemoveCommand(Command):
    name = "caller-id remove"
    description = "Forget one of your phones"
    arguments = [argument("phone", "Its number or its id (cid_…).", multiple=True)]

    def handle(self) -> int:
        found = find_caller_id(self.api, self.word("phone"))
        self.api.delete(f"caller-ids/{found}")
        if self.console.json:
            self.console.document({"id": found, "removed": True})
        else:
            self.console.write("Removed. Nobody can call from that phone with your account now.")
        return 0
