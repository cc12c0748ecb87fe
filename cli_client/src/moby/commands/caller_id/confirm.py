from cleo.helpers import argument, option

from moby.api.answers import CallerId
from moby.api.idempotency import OPTION, read_key, repeatable
from moby.calls.caller_ids import read_code
from moby.cli.command import Command
from moby.text import clean


class ConfirmCommand(Command):
    name = "caller-id confirm"
    description = "Enter the code that came to the phone"
    help = (
        "With the code alone, the phone of the latest request is meant:\n\n"
        "  moby caller-id confirm 123456\n\n"
        "The older form names the phone:\n\n"
        "  moby caller-id confirm 07400123456 123456 --country GB"
    )
    arguments = [
        argument("code-or-number", "The code; or the number, with the code after it."),
        argument("code", "The code, after a number.", optional=True),
    ]
    options = [
        option("country", None, "The country the number is written for, such as GB.", flag=False),
        OPTION,
    ]

    def handle(self) -> int:
        first, second = self.word("code-or-number"), self.argument("code")
        body = {
            "code": read_code(second or first),
            "number": first if second else None,
            "country": self.text("country"),
        }
        key = read_key(self.text("idempotency-key"))
        with repeatable(key):
            proved = self.api.post("caller-ids/confirm", CallerId, body, key=key)
        if self.console.json:
            self.console.document(proved)
            return 0
        self.console.write(f"{clean(proved['e164'])} is yours: people you call see this number.")
        if not proved["is_default"]:
            self.console.write(
                f"To call from it always: moby caller-id default {clean(proved['id'])}"
            )
        return 0
