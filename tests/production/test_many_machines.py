"""Three web processes and two runners: one dies in the middle of the load, and nothing is lost."""

import re
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from urllib.parse import unquote

import pytest
import requests

from dev.soak.api_customer import ApiCustomer
from dev.soak.cluster import Cluster
from dev.stack import wait_until

pytestmark = pytest.mark.production

CALLS_EACH = 8
CHECKS_AN_HOUR = 30  # `verification-check` in the table of limits


def placed_at_twilio(cluster: Cluster) -> Counter[str]:
    """Return how many calls the carrier placed for each call of ours, by its callback address."""
    exchanges = cluster.control("exchanges?provider=twilio").json()["exchanges"]
    made = [e for e in exchanges if e["method"] == "POST" and e["path"].endswith("/Calls.json")]
    ids = [re.findall(r"call_[0-9A-Za-z]{20}", unquote(e["body"])) for e in made]
    return Counter(found[0] for found in ids)


def test_limit_passes_exactly_as_many_over_all_processes(
    cluster: Cluster, new_customer: Callable[..., ApiCustomer]
) -> None:
    charlie = new_customer("charlie")

    def guess(number: int) -> int:
        web = f"http://localhost:{cluster.ports[number % 3]}"
        body = {"code": "123456"}
        return charlie.ask("POST", "caller-ids/confirm", web=web, json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = Counter(pool.map(guess, range(CHECKS_AN_HOUR + 15)))
    assert statuses == {404: CHECKS_AN_HOUR, 429: 15}


def place_and_lose(
    cluster: Cluster, caller: ApiCustomer, pool: ThreadPoolExecutor, *, earlier: Counter[str]
) -> str:
    """A call that Twilio has placed while the process that asked still waits. Returns its key."""
    key = str(uuid.uuid4())
    cluster.control(
        "faults",
        {"kind": "timeout", "path": "*/Calls.json", "method": "POST", "when": "after",
         "seconds": 60},
    )  # fmt: skip
    pool.submit(ask_the_doomed, cluster, caller, key)
    wait_until(
        lambda: bool(placed_at_twilio(cluster) - earlier), "the first call at Twilio", seconds=60
    )
    return key


def ask_the_doomed(cluster: Cluster, caller: ApiCustomer, key: str) -> None:
    web = f"http://localhost:{cluster.ports[0]}"
    body = {"to": "+442079460018", "max_seconds": 60}
    with pytest.raises(requests.ConnectionError):
        caller.ask("POST", "calls", web=web, json=body, headers={"Idempotency-Key": key})


def calls_and_a_topup(customer: ApiCustomer, is_killed: Event) -> list[int]:
    """One customer's share of the load. Returns how each call was answered in the end."""
    answers = [customer.call().status_code for _ in range(CALLS_EACH // 2)]
    is_killed.wait(60)  # the key of a top-up that dies with its process is held for 90 s
    customer.top_up(500)
    return answers + [customer.call().status_code for _ in range(CALLS_EACH // 2)]


def test_killed_process_loses_no_money_and_rings_no_one_twice(
    cluster: Cluster, caller: ApiCustomer, new_customer: Callable[..., ApiCustomer]
) -> None:
    bob = new_customer("bob", phone="+447400123457", dollars="50")
    earlier, is_killed = placed_at_twilio(cluster), Event()
    with ThreadPoolExecutor(4) as pool:
        doomed_key = place_and_lose(cluster, caller, pool, earlier=earlier)
        shares: list[Future[list[int]]] = [
            pool.submit(calls_and_a_topup, customer, is_killed) for customer in (caller, bob)
        ]
        time.sleep(1)
        cluster.kill(cluster.webs[0])
        is_killed.set()
        again = pool.submit(caller.call, key=doomed_key, tries=3).result()
        answers = Counter(status for share in shares for status in share.result())
    cluster.restart_web(0)
    settled = "SELECT count(*) FROM telephony_call WHERE settled_at IS NULL"
    wait_until(lambda: not cluster.count(settled), "every call to be settled", seconds=120)
    placed = placed_at_twilio(cluster) - earlier
    assert again.status_code in (201, 409)
    assert answers[201] >= 2 * CALLS_EACH - 4
    assert set(placed.values()) == {1}
    assert len(placed) <= 2 * CALLS_EACH + 1
    assert cluster.count("SELECT count(*) FROM billing_hold WHERE state = 'open'") == 0
    assert cluster.manage("audit_ledger", check=False).returncode == 0


def test_each_paid_topup_is_credited_once(cluster: Cluster, caller: ApiCustomer) -> None:
    for _ in range(3):
        caller.top_up(500)
    pending = "SELECT count(*) FROM billing_topup WHERE status = 'pending'"
    wait_until(lambda: not cluster.count(pending), "every top-up to be credited", seconds=90)
    paid = cluster.query("SELECT public_id FROM billing_topup WHERE status = 'paid'")
    credited = cluster.query("SELECT reference FROM billing_transfer WHERE kind = 'topup'")
    assert len(paid) >= 4
    assert Counter(credited) == Counter(paid)


def test_limit_stays_exact_when_a_process_that_counted_is_dead(
    cluster: Cluster, new_customer: Callable[..., ApiCustomer]
) -> None:
    dora = new_customer("dora")
    webs = [f"http://localhost:{port}" for port in cluster.ports]

    def guess(number: int) -> int:
        web, body = webs[1 + number % 2], {"code": "123456"}
        return dora.ask("POST", "caller-ids/confirm", web=web, json=body).status_code

    before = Counter(guess(number) for number in range(10))
    cluster.kill(cluster.webs[1])
    with ThreadPoolExecutor(4) as pool:
        after = Counter(pool.map(guess, [1] * (CHECKS_AN_HOUR - 5)))
    cluster.restart_web(1)
    assert before == {404: 10}
    assert after == {404: CHECKS_AN_HOUR - 10, 429: 5}


def test_sign_in_survives_the_process_that_served_it(cluster: Cluster, caller: ApiCustomer) -> None:
    pages = [caller.person.browser.open("/settings/tokens") for _ in range(6)]
    answers = [caller.ask("GET", "status").status_code for _ in range(6)]
    assert {page.url for page in pages} == {f"{cluster.web}/settings/tokens"}
    assert set(answers) == {200}
