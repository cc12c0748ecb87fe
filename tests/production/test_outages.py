"""Requests while Redis, PostgreSQL or the carrier is away: some work, others are refused."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from psycopg import sql

from dev.soak.api_customer import DESTINATION, ApiCustomer
from dev.soak.cluster import THREADS, WEB_PROCESSES, Cluster
from dev.stack import wait_until

pytestmark = pytest.mark.production


@pytest.fixture
def without_redis(cluster: Cluster) -> Iterator[Cluster]:
    cluster.kill(cluster.redis)
    yield cluster
    cluster.redis = cluster.start_redis()
    wait_for_redis(cluster)


@pytest.fixture
def silent_redis(cluster: Cluster) -> Iterator[Cluster]:
    """It takes connections and never answers, as a machine that is short of memory does."""
    os.kill(cluster.redis.pid, signal.SIGSTOP)
    yield cluster
    os.kill(cluster.redis.pid, signal.SIGCONT)
    wait_for_redis(cluster)


def wait_for_redis(cluster: Cluster) -> None:
    """Return when each process asks Redis again, which it does after two seconds."""
    webs = [f"http://localhost:{port}" for port in cluster.ports]
    wait_until(
        lambda: all(readiness(web) == (200, "ok") for web in webs), "Redis to be asked", seconds=10
    )


@pytest.fixture
def new_connections(cluster: Cluster) -> Iterator[None]:
    """Start each web process again: a connection that was cut fails one request of its thread."""
    yield
    for number, web in enumerate(cluster.webs):
        cluster.kill(web)
        cluster.restart_web(number)


@contextmanager
def closed_database(cluster: Cluster) -> Iterator[None]:
    """Cut every connection to the database and refuse new ones."""
    server = urlsplit(cluster.env["DATABASE_URL"])
    name = sql.Identifier(server.path.removeprefix("/"))
    with psycopg.connect(server._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [server.path.removeprefix("/")],
        )
        try:
            yield
        finally:
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def status(cluster: Cluster, path: str) -> int:
    return requests.get(f"{cluster.web}{path}", timeout=60).status_code


def readiness(web: str) -> tuple[int, str]:
    answer = requests.get(f"{web}/readyz", timeout=60)
    return answer.status_code, answer.json()["status"]


def begin_login(cluster: Cluster) -> requests.Response:
    form = {"client_id": "moby-cli"}
    return requests.post(f"{cluster.web}/oauth/device_authorization", data=form, timeout=60)


def test_reads_and_calls_go_on_without_redis(without_redis: Cluster, caller: ApiCustomer) -> None:
    reads = {path: caller.ask("GET", path).status_code for path in ("balance", "calls", "rates/GB")}
    called = caller.call(tries=1)
    assert set(reads.values()) == {200}
    assert called.status_code == 201
    assert readiness(without_redis.web) == (200, "degraded")
    assert status(without_redis, "/healthz") == 200


def test_logins_of_devices_pause_without_redis_in_the_shape_of_oauth(
    without_redis: Cluster,
) -> None:
    refused = begin_login(without_redis)
    assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("path", "body"), [("caller-ids/confirm", {"code": "123456"}), ("token/rotate", {})]
)
def test_codes_and_tokens_pause_without_redis(
    without_redis: Cluster, caller: ApiCustomer, path: str, body: dict[str, str]
) -> None:
    refused = caller.ask("POST", path, json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) > 0


def test_sign_in_pauses_without_redis(without_redis: Cluster, caller: ApiCustomer) -> None:
    session = requests.Session()
    page = session.get(f"{without_redis.web}/accounts/login/", timeout=60)
    csrf = page.cookies["csrftoken"]
    form = {"login": caller.person.email, "password": "wrong", "csrfmiddlewaretoken": csrf}
    refused = session.post(f"{without_redis.web}/accounts/login/", data=form, timeout=60)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0


def test_redis_that_says_nothing_is_treated_as_one_that_is_away(
    silent_redis: Cluster, caller: ApiCustomer
) -> None:
    reads = {path: caller.ask("GET", path).status_code for path in ("balance", "rates/GB")}
    called = caller.call(tries=1)
    assert (set(reads.values()), called.status_code) == ({200}, 201)
    assert begin_login(silent_redis).status_code == 503
    assert readiness(silent_redis.web) == (200, "degraded")
    assert max(caller.tally.seconds[-3:]) < 10  # no request waits until nginx gives up


def test_devices_log_in_again_when_redis_is_back(cluster: Cluster) -> None:
    # Each process asks a Redis that was away again after two seconds.
    wait_until(lambda: begin_login(cluster).ok, "a device login", seconds=10)


@pytest.mark.usefixtures("new_connections")
def test_database_away_is_shown_in_the_shape_of_each_reader(
    cluster: Cluster, caller: ApiCustomer
) -> None:
    with closed_database(cluster):
        api = caller.ask("GET", "balance")
        page = caller.person.browser.session.get(f"{cluster.web}/home", timeout=60)
        oauth = requests.post(
            f"{cluster.web}/oauth/revoke", data={"token": caller.token}, timeout=60
        )
        health = status(cluster, "/healthz"), status(cluster, "/readyz")
    assert (api.status_code, api.json()["error"]["code"]) == (503, "unavailable")
    assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "Traceback" not in page.text
    assert (oauth.status_code, oauth.json()["error"]) == (503, "temporarily_unavailable")
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in (api, page))
    assert health == (200, 503)


@pytest.mark.usefixtures("new_connections")
def test_processes_recover_from_a_database_outage_without_restart(
    cluster: Cluster, caller: ApiCustomer
) -> None:
    with closed_database(cluster):
        assert caller.ask("GET", "balance").status_code == 503
    # A connection that was cut fails one request, and is opened again for the next.
    connections = WEB_PROCESSES * THREADS
    answers = Counter(caller.ask("GET", "balance").status_code for _ in range(3 * connections))
    last = "SELECT count(*) FROM overview_periodicjob WHERE last_ended_at > now() - '5s'::interval"
    assert answers[503] <= connections
    assert answers[200] + answers[503] == 3 * connections
    wait_until(lambda: cluster.count(last) > 0, "periodic work to go on", seconds=90)
    assert all(runner.poll() is None for runner in cluster.processes)


OPEN_HOLDS = "SELECT count(*) FROM billing_hold WHERE state = 'open'"


def asked_to_ring(cluster: Cluster) -> int:
    exchanges = cluster.control("exchanges?provider=twilio").json()["exchanges"]
    return sum(e["method"] == "POST" and e["path"].endswith("/Calls.json") for e in exchanges)


def test_carrier_that_keeps_failing_is_left_alone_and_nothing_is_held(
    cluster: Cluster, caller: ApiCustomer
) -> None:
    busy = {"kind": "429", "path": "*/Calls.json", "method": "POST", "times": None}
    # Calls of earlier tests may still be under way, and hold what they need.
    wait_until(lambda: cluster.count(OPEN_HOLDS) == 0, "earlier calls to end", seconds=60)
    cluster.control("faults", busy)
    answers: list[requests.Response] = []

    def is_left_alone() -> bool:
        asked = asked_to_ring(cluster)
        body = {"to": DESTINATION, "max_seconds": 60}
        answers.append(caller.ask("POST", "calls", json=body))
        return asked_to_ring(cluster) == asked

    wait_until(is_left_alone, "the carrier to be left alone", seconds=60)
    held = caller.ask("GET", "balance").json()["held_cents"]
    requests.delete(f"{cluster.sandbox}/control/faults", timeout=60)
    codes = {answer.json()["error"]["code"] for answer in answers}
    assert (codes, held) == ({"provider_unavailable"}, 0)
    assert int(answers[-1].headers["Retry-After"]) > 0
    wait_until(
        lambda: caller.call(tries=1).status_code == 201, "the circuit to close", seconds=30, every=3
    )
