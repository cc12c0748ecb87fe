from urllib.parse import quote

from cleo.helpers import argument

from moby.api.answers import Call
from moby.calls.view import STATES
from moby.cli.command import Command
from moby.text import clean


class HangupCommand(Command):
    name = "calls hangup"
    description = "End a call that is under way, from anywhere"
    arguments = [argument("call", "Its id (call_…).")]

    def handle(self) -> int:
        call = self.api.post(
            f"calls/{quote(self.word('call'), safe='')}/hangup", Call, is_idempotent=True
        )
        if self.console.json:
            self.console.document(call)
        else:
            state = STATES.get(call["state"], clean(call["state"]))
            self.console.write(f"{clean(call['call_id'])}: {state}.")
            self.console.write(f"Receipt: moby calls show {clean(call['call_id'])}")
        return 0
