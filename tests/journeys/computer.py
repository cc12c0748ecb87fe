"""Calls through the computer in the running product, as the carrier and the receipt have them."""

from typing import Any

from dev.customer import Customer
from dev.stack import Stack
from tests.sandbox.conftest import wait_for

CALLED = "+442079460777"


def leg_of(stack: Stack, call_id: str) -> dict[str, Any]:
    """Return the carrier's record of the computer's leg."""
    legs = stack.control("calls").json()["calls"]
    return next(leg for leg in legs if leg["from"] == f"client:{call_id}")


def hang_up_far_end(stack: Stack) -> None:
    legs = stack.control("calls?running=1").json()["calls"]
    [callee] = [leg for leg in legs if leg["to"] == CALLED]
    stack.control(f"calls/{callee['sid']}/hangup", {})


def digits_heard(stack: Stack) -> list[str]:
    """Return what each leg heard of the keypad."""
    return [leg["digits_heard"] for leg in stack.control("calls").json()["calls"]]


def settled(alice: Customer, call_id: str) -> dict[str, Any]:
    """Return the call once it is billed."""

    def ended() -> dict[str, Any] | None:
        shown = alice.moby("calls", "show", call_id, "--json").json
        return shown if shown["receipt"] else None

    found = wait_for(ended)
    assert found is not None
    return found
