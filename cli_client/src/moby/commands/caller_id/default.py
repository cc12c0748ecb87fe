from cleo.helpers import argument

from moby.api.answers import CallerId
from moby.calls.caller_ids import find_caller_id
from moby.cli.command import Command
from moby.text import clean


class DefaultCommand(Command):
    name = "caller-id default"
    description = "Call from this phone when nothing else is said"
    arguments = [argument("phone", "Its number or its id (cid_…).", multiple=True)]

    def handle(self) -> int:
        found = find_caller_id(self.api, self.word("phone"))
        chosen = self.api.post(f"caller-ids/{found}/default", CallerId)
        if self.console.json:
            self.console.document(chosen)
        else:
            self.console.write(f"You now call from {clean(chosen['e164'])}.")
        return 0
