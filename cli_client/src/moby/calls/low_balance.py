"""A word in time when little money is left."""

from moby.api.answers import Balance
from moby.show.console import Console


def note_if_low(console: Console, balance: Balance) -> None:
    """The server knows what is little; this says what to do about it."""
    if balance.get("is_low"):
        console.note("Note: little is left. Top up with: moby topup 20 --open")
