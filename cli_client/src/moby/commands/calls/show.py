from urllib.parse import quote

from cleo.helpers import argument

from moby.api.answers import Call
from moby.calls.view import show_receipt
from moby.cli.command import Command


class ShowCommand(Command):
    name = "calls show"
    description = "Show a call and what it cost"
    arguments = [argument("call", "Its id (call_…).")]

    def handle(self) -> int:
        call = self.api.get(f"calls/{quote(self.word('call'), safe='')}", Call)
        if self.console.json:
            self.console.document(call)
        else:
            show_receipt(self.console, call)
        return 0
