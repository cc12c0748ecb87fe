from moby.api.answers import Balance
from moby.calls.low_balance import note_if_low
from moby.cli.command import Command
from moby.show.money import cents_as_dollars, dollars


class BalanceCommand(Command):
    name = "balance"
    description = "Show what is on the account"

    def handle(self) -> int:
        balance = self.api.get("balance", Balance)
        if self.console.json:
            self.console.document(balance)
            return 0
        self.console.write(f"Balance: {dollars(balance['balance'])}")
        if balance["held_cents"]:
            held, left = balance["held_cents"], balance["available_cents"]
            self.console.write(f"Held for calls under way: {cents_as_dollars(held)}")
            self.console.write(f"Available: {cents_as_dollars(left)}")
        note_if_low(self.console, balance)
        return 0
