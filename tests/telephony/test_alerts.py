"""Every alert of deploy/alerts.yml: silent on a quiet site, fired by what it is about.

How long a condition has to hold before Prometheus fires (`for`) is left to `make soak`.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import close_caches
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.models import TopUp, Wallet
from dev.soak.prometheus import Prometheus, rules
from dev.stack import free_port
from mobayilo.overview.periodic import run_now
from telephony.models import Call
from tests.billing.payments.stripe_events import event, paid, send
from tests.database import ON_SQLITE
from tests.telephony.callers import (
    DESTINATION,
    OWN_PHONE,
    People,
    Person,
    fund,
    make_call,
    prove,
)
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
TOKEN = "scrape-me"
MALDIVES = "+9603001234"
NO_TIME = timedelta()


@dataclass
class Site:
    """A running product with one caller, and a Prometheus that scrapes it."""

    caller: Person
    person: People
    charlie: User
    sandbox: Sandbox
    settings: Settings
    load: Callable[..., str]
    prometheus: Prometheus = field(default_factory=Prometheus)

    def firing(self, *, later: timedelta = NO_TIME) -> set[str]:
        """Scrape once more, where wanted at a later hour, and return the alerts that fire."""
        with time_machine.travel(timezone.now() + later):
            self.prometheus.scrape(self.settings.PUBLIC_URL, TOKEN)
        return self.prometheus.firing()

    def talk(self, *, minutes: int, price: str) -> None:
        """Let the caller talk with the Maldives at a price of ours, and learn Twilio's price."""
        gb = "44,United Kingdom,GB,fixed,0.012,60,60,\n"
        self.load(f"{gb}960,Maldives,MV,fixed,{price},60,60,\n", "--allow-jumps", "--allow-gaps")
        self.sandbox.phone(MALDIVES, talk_seconds=minutes * 60)
        call_id = self.caller.call(MALDIVES, max_seconds=minutes * 60).json()["call_id"]
        wait_for(lambda: Call.objects.filter(state="answered").exists(), "the answer")
        self.sandbox.post("advance", seconds=minutes * 60)
        self.caller.final(call_id)
        self.sandbox.wait_until_idle()
        self.sandbox.post("advance", seconds=60)
        Call.objects.update(reconcile_after=timezone.now())
        call_command("reconcile_calls")


@pytest.fixture
def site(
    caller: Person, person: People, charlie: User, sandbox: Sandbox, settings: Settings,
    load: Callable[..., str],
) -> Iterator[Site]:  # fmt: skip
    settings.METRICS_TOKEN, settings.STRIPE_API_URL = TOKEN, sandbox.url
    call_command("run_periodic", "--once")
    yield Site(caller, person, charlie, sandbox, settings, load)
    close_caches()


def stop(site: Site) -> set[str]:
    site.prometheus.scrape(f"http://127.0.0.1:{free_port()}", TOKEN)
    return site.prometheus.firing()


def fail_requests(site: Site) -> set[str]:
    site.settings.TWILIO_API_URL = f"http://127.0.0.1:{free_port()}"
    site.caller.call()
    site.firing()
    site.caller.call()
    return site.firing()


def take_the_counters_away(site: Site) -> set[str]:
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    location = f"redis://127.0.0.1:{free_port()}/0"
    site.settings.CACHES = {
        **site.settings.CACHES,
        "default": {**redis, "LOCATION": location},
    }
    return site.firing()


def is_anyone_waiting(cursor: CursorWrapper) -> bool:
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database"
        " WHERE NOT granted AND datname = current_database())"
    )
    return bool(cursor.fetchone()[0])


def slow_down(site: Site) -> set[str]:
    if ON_SQLITE:
        pytest.skip("a reader waits for no lock on SQLite")
    site.caller.get("balance")
    site.firing()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE billing_wallet IN ACCESS EXCLUSIVE MODE")
            asked = pool.submit(site.caller.get, "balance")
            wait_for(lambda: is_anyone_waiting(cursor), "the request to wait")
            time.sleep(1.1)  # the alert is about a second
        assert asked.result().status_code == 200
    return site.firing()


def change_a_balance_by_hand(site: Site) -> set[str]:
    Wallet.objects.update(balance_micros=F("balance_micros") + 1)
    assert run_now("audit_ledger")
    return site.firing()


def audit_nothing_for_a_day(site: Site) -> set[str]:
    return site.firing(later=timedelta(hours=26))


def run_no_periodic_work(site: Site) -> set[str]:
    return site.firing(later=timedelta(minutes=10))


def let_a_job_fail(site: Site) -> set[str]:
    site.settings.TWILIO_AUTH_TOKEN = "wrong"
    assert run_now("reconcile_twilio")
    return site.firing()


def leave_a_call_open(site: Site) -> set[str]:
    site.sandbox.post("speed", speed=0.001)
    assert site.caller.call().status_code == 201
    return site.firing(later=timedelta(hours=8))


def store_an_event_that_cannot_be_applied(site: Site) -> set[str]:
    topup = TopUp.objects.create(
        account=site.caller.user.account, user=site.caller.user, amount_micros=20_000_000,
        expires_at=timezone.now() + timedelta(hours=23),
    )  # fmt: skip
    assert send(event(paid(topup, amount_total="20"))) == 400
    return site.firing(later=timedelta(minutes=20))


def never_pay(site: Site) -> set[str]:
    assert site.caller.post("topups", key="once", amount_cents=2_000).status_code == 201
    return site.firing(later=timedelta(hours=27))


def send_no_mail(site: Site) -> set[str]:
    prove(site.person(site.charlie), site.sandbox, OWN_PHONE)  # its other account is mailed
    return site.firing(later=timedelta(minutes=20))


def refuse_each_call(site: Site) -> set[str]:
    site.sandbox.phone(OWN_PHONE, call_error=21211)
    for _ in range(6):
        site.caller.call()
    return site.firing()


def refuse_each_dial(site: Site) -> set[str]:
    site.settings.FREE_ATTEMPTS_PER_DAY = 100
    site.sandbox.post("twilio", high_risk_prefixes=[DESTINATION])
    for _ in range(6):
        site.caller.final(site.caller.call().json()["call_id"])
    return site.firing()


def lose_the_carrier(site: Site) -> set[str]:
    site.settings.TWILIO_API_URL = f"http://127.0.0.1:{free_port()}"
    for _ in range(12):
        site.caller.call()
    return site.firing()


def place_calls_at_once(site: Site) -> set[str]:
    site.settings.CALLS_AT_ONCE_NEW_ACCOUNT = 5
    site.sandbox.post("speed", speed=0.001)
    site.sandbox.post("twilio", calls_per_second=1)
    for _ in range(2):
        assert site.caller.call(max_seconds=60).json()["state"] == "queued"
    return site.firing(later=timedelta(seconds=10))


def become_a_trial_account(site: Site) -> set[str]:
    site.sandbox.post("twilio", account_type="Trial")
    site.caller.call()
    return site.firing()


def close_a_country(site: Site) -> set[str]:
    site.sandbox.post("twilio", closed_countries=["GB"])
    site.caller.call()
    return site.firing()


def sell_below_cost(site: Site) -> set[str]:
    site.talk(minutes=30, price="0.02")  # for which Twilio asks $1.15
    return site.firing()


def spend_much(site: Site) -> set[str]:
    site.settings.SPEND_MAX_CENTS_PER_DAY = 100_000
    fund(site.caller.user, 200)
    site.talk(minutes=90, price="1.40")
    return site.firing()


SITUATIONS: dict[str, Callable[[Site], set[str]]] = {
    "MobayiloDown": stop,
    "MobayiloServerErrors": fail_requests,
    "MobayiloCountersAway": take_the_counters_away,
    "MobayiloSlow": slow_down,
    "MobayiloLedgerDiffers": change_a_balance_by_hand,
    "MobayiloNotAudited": audit_nothing_for_a_day,
    "MobayiloPeriodicWorkStopped": run_no_periodic_work,
    "MobayiloPeriodicJobFails": let_a_job_fail,
    "MobayiloCallsNotSettled": leave_a_call_open,
    "MobayiloHoldsNotReleased": leave_a_call_open,
    "MobayiloStripeEventsWait": store_an_event_that_cannot_be_applied,
    "MobayiloTopUpsWait": never_pay,
    "MobayiloMailsWait": send_no_mail,
    "MobayiloCallsFail": refuse_each_call,
    "MobayiloDialsRefused": refuse_each_dial,
    "MobayiloCarrierAway": lose_the_carrier,
    "MobayiloCallsQueue": place_calls_at_once,
    "MobayiloCarrierMisconfigured": become_a_trial_account,
    "MobayiloCountryClosed": close_a_country,
    "MobayiloCallsCostMore": sell_below_cost,
    "MobayiloSpendingJumps": spend_much,
}


@pytest.mark.parametrize("alert", rules())
def test_alert_is_fired_by_what_it_is_about(site: Site, alert: str) -> None:
    assert site.firing() == set()
    assert alert in SITUATIONS[alert](site)


def test_nothing_fires_on_a_site_where_calls_go_well(site: Site) -> None:
    site.firing()
    site.caller.final(site.caller.call().json()["call_id"])
    call_command("run_periodic", "--once")
    assert site.firing() - {"MobayiloSlow"} == set()  # a busy machine may be slow


def test_alert_fires_once_its_condition_has_lasted() -> None:
    prometheus, nowhere = Prometheus(), f"http://127.0.0.1:{free_port()}"
    fired = []
    for after_seconds in (0, 60, 59, 1):
        prometheus.scrape(nowhere, TOKEN, after_seconds=after_seconds)
        fired.append("MobayiloDown" in prometheus.lasting())
    assert fired == [False, False, False, True]


def test_few_refusals_among_many_calls_are_no_outage(site: Site) -> None:
    assert "MobayiloCarrierAway" in lose_the_carrier(site)
    for _ in range(150):
        make_call(site.caller.user)
    assert "MobayiloCarrierAway" not in site.firing()


def test_refused_dials_count_once_however_many_processes_report_them(site: Site) -> None:
    site.sandbox.post("twilio", high_risk_prefixes=[DESTINATION])
    for _ in range(4):
        site.caller.final(site.caller.call().json()["call_id"])
    site.firing()
    beside = site.settings.PUBLIC_URL.replace("localhost", "127.0.0.1")
    site.prometheus.scrape(beside, TOKEN, after_seconds=0)
    assert {dict(one)["instance"] for one in site.prometheus.series} >= {
        site.settings.PUBLIC_URL.removeprefix("http://"), beside.removeprefix("http://")
    }  # fmt: skip
    assert "MobayiloDialsRefused" not in site.prometheus.firing()


def test_spending_as_a_day_ago_is_no_jump(site: Site) -> None:
    fired = spend_much(site)
    site.prometheus.now += timedelta(days=1).total_seconds() - 60
    assert "MobayiloSpendingJumps" in fired
    assert "MobayiloSpendingJumps" not in site.firing()
