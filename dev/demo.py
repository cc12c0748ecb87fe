"""`make demo`: the whole journey from nothing, with the installed `moby`, printed as it happens.

With --from-site the customer first installs `moby` from the site, in an empty home.
"""

import argparse
import os
import secrets
import shlex
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from dev.computer_call import missing_parts, talk
from dev.customer import Customer, Ran
from dev.stack import Stack

PHONE = "+447400123456"
DESTINATION = "+442079460018"
BUSY = "+442079460999"
PATIENT = "+442079460777"  # stays on the line until the other side hangs up

BILLED_WITHIN_SECONDS = 60


class DemoError(Exception):
    """Something did not come out as it should."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.demo", description=__doc__)
    parser.add_argument("--from-site", action="store_true", help="install moby from the site")
    from_site = parser.parse_args().from_site
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="mobayilo-demo-") as name:
            folder = Path(name)
            say("Starting the sandbox (a local Twilio, Stripe and mailbox), database and web …")
            with Stack(folder) as stack:
                say(f"web {stack.web} · sandbox {stack.sandbox}")
                play(stack, folder, from_site=from_site)
    except (DemoError, RuntimeError) as problem:
        print(f"\ndemo: FAILED: {problem}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    print(f"\ndemo: OK, every step came out as it should ({seconds:.0f} s)")
    return 0


def play(stack: Stack, folder: Path, *, from_site: bool) -> None:
    prepare_numbers(stack)
    customer = Customer(stack, "newcomer@example.com", secrets.token_urlsafe(12), folder / "home")
    if from_site:
        install(customer)
    sign_up_and_log_in(customer)
    prove_phone(customer)
    top_up(customer)
    cost = call(customer)
    call_busy(customer)
    cost += call_from_computer(customer, folder)
    check_balance(customer, Decimal("20.00") - cost)
    log_out(customer)
    audit(stack)


def install(customer: Customer) -> None:
    """Run install.sh of the site, and use the `moby` that it installed from then on."""
    say("Install moby from the site")
    script = customer.stack.session.get(f"{customer.stack.web}/client/install.sh", timeout=10)
    script.raise_for_status()
    home = {"HOME": str(customer.home), "PATH": f"{customer.home}/.local/bin:/usr/bin:/bin"}
    ran = subprocess.run(
        ["sh"], env={**os.environ, **home}, input=script.text, text=True, check=False
    )
    expect(ran.returncode == 0, "install.sh ends with 0")
    customer.env |= home
    del customer.env["MOBY_HOST"]
    show(customer.moby("self-update", "--check"))


def prepare_numbers(stack: Stack) -> None:
    """Have one destination answer and talk 65 s, and another be busy. Time runs fast."""
    stack.control("speed", {"speed": 20})
    stack.control("numbers", {"number": PHONE, "answer_after_seconds": 2, "outcome": "answer"})
    stack.control(
        "numbers",
        {"number": DESTINATION, "answer_after_seconds": 3, "talk_seconds": 65, "outcome": "answer"},
    )
    stack.control("numbers", {"number": BUSY, "outcome": "busy"})
    stack.control("numbers", {"number": PATIENT, "talk_seconds": None, "outcome": "answer"})


def sign_up_and_log_in(customer: Customer) -> None:
    say("In the browser: sign up, open the confirmation mail, confirm the address")
    customer.browser.sign_up(customer.email, customer.password)
    say("In the terminal: log in; in the browser: approve the device")
    show(customer.log_in())
    status = show(customer.moby("auth", "status", "--json")).json
    expect(status["authenticated"] is True, "the terminal is signed in")
    show(customer.typed("auth", "status"))


def prove_phone(customer: Customer) -> None:
    say("Prove the phone: a code by SMS, confirmed with the code alone")
    show(customer.typed("caller-id", "request", "07400 123456", "--country", "GB"))
    show(customer.typed("caller-id", "confirm", customer.code_received(PHONE)))


def top_up(customer: Customer) -> None:
    say("Top up $20.00; pay on the checkout page while moby waits")
    show(customer.top_up("20"))
    balance = show(customer.moby("balance", "--json")).json
    expect(balance["balance"] == "20.00", "the balance is 20.00")


def call(customer: Customer) -> Decimal:
    """Place a call that is answered and talks. Return its cost."""
    say("What a minute costs, and a call")
    show(customer.typed("rates", "GB"))
    show(customer.typed("call", "020 7946 0018", "--country", "GB", "--yes", "--wait"))
    calls = customer.moby("calls", "list", "--json").json["items"]
    receipt = show(customer.moby("calls", "show", calls[0]["call_id"], "--json")).json
    show(customer.typed("calls", "show", calls[0]["call_id"]))
    expect(receipt["state"] == "completed", "the call was completed")
    cost = Decimal(str(receipt["cost"]))
    expect(cost > 0, "the call cost something")
    return cost


def call_busy(customer: Customer) -> None:
    say("A call to a busy number costs nothing")
    busy = show(customer.moby("call", BUSY, "--yes", "--wait", "--json"), code=1).json
    expect(busy["state"] == "busy", "the number was busy")
    expect(Decimal(str(busy["cost"])) == 0, "and it cost nothing")


def call_from_computer(customer: Customer, folder: Path) -> Decimal:
    """Talk through the page Call where a browser and sound are there. Return the call's cost."""
    say("In the browser: talk through the computer")
    if missing := missing_parts():
        print(f"  Left out: it needs {' and '.join(missing)}, which are not installed here.")
        return Decimal(0)
    call_id = talk(customer, PATIENT, folder)
    print("  ✓ the other side heard the microphone")
    shown = settled_call(customer, call_id)
    show(customer.typed("calls", "show", call_id))
    expect(shown["state"] == "completed", "the call was completed")
    return Decimal(str(shown["cost"]))


def settled_call(customer: Customer, call_id: str) -> dict[str, Any]:
    """Return a call that has ended, once it is billed."""
    deadline = time.monotonic() + BILLED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        shown = customer.moby("calls", "show", call_id, "--json").json
        if shown["receipt"]:
            return shown
        time.sleep(0.2)
    raise DemoError("not so: the call through the computer is billed")


def check_balance(customer: Customer, expected: Decimal) -> None:
    balance = show(customer.moby("balance", "--json")).json
    expect(
        Decimal(str(balance["balance"])) == expected and balance["held_cents"] == 0,
        f"the balance is {expected}: 20.00 less what the receipt says, and nothing is held",
    )
    show(customer.typed("transactions"))


def log_out(customer: Customer) -> None:
    say("Log out; the server refuses the token from now on")
    token = customer.moby("auth", "token").stdout.strip()
    show(customer.typed("auth", "logout"))
    customer.env["MOBY_TOKEN"] = token
    refused = show(customer.moby("auth", "status", "--json"), code=4).json
    expect(refused["reason"] == "revoked", "the token is revoked")


def audit(stack: Stack) -> None:
    say("Recompute every balance from the ledger")
    print(stack.manage("audit_ledger").stdout.rstrip())


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n# {text}", flush=True)


def show(ran: Ran, *, code: int = 0) -> Ran:
    """Print a command and its output. Raise DemoError if it did not end with `code`."""
    print(f"$ moby {shlex.join(ran.arguments)}", flush=True)
    for text in (ran.stdout, ran.stderr):
        for line in text.replace("\r", "\n").splitlines():
            print(f"  {line}")
    expect(ran.code == code, f"it ends with {code}", quiet=True)
    return ran


def expect(holds: bool, what: str, *, quiet: bool = False) -> None:
    if not holds:
        raise DemoError(f"not so: {what}")
    if not quiet:
        print(f"  ✓ {what}")


if __name__ == "__main__":
    sys.exit(main())
