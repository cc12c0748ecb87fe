"""The work that repeats: claimed by one runner, done again when that one dies, seen by alerts."""

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from billing.models import AuditReport
from mobayilo.overview import periodic
from mobayilo.overview.models import PeriodicJob

pytestmark = pytest.mark.db
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def _one_job(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "JOBS", {"audit_ledger": timedelta(hours=24)})


@pytest.mark.usefixtures("_one_job")
def test_job_runs_when_it_is_due_and_not_before() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        assert periodic.run_if_due("audit_ledger")
        clock.shift(timedelta(hours=23))
        assert not periodic.run_if_due("audit_ledger")
        clock.shift(timedelta(hours=1))
        assert periodic.run_if_due("audit_ledger")
    assert AuditReport.objects.count() == 2


@pytest.mark.usefixtures("_one_job")
def test_job_of_a_killed_runner_is_due_again_in_minutes() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        assert periodic.claim("audit_ledger", timezone.now())
        assert not periodic.run_if_due("audit_ledger")
        clock.shift(periodic.MOST_LEASE)
        assert periodic.run_if_due("audit_ledger")
        assert PeriodicJob.objects.get().next_run_at == timezone.now() + timedelta(hours=24)


@pytest.mark.django_db
def test_runner_asks_once_what_is_due(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        assert periodic.due_jobs(timezone.now()) == list(periodic.JOBS)
        for name in periodic.JOBS:
            periodic.claim(name, timezone.now())
        with django_assert_num_queries(1):
            assert periodic.due_jobs(timezone.now()) == []
        clock.shift(periodic.LEAST_LEASE)
        assert "send_notices" in periodic.due_jobs(timezone.now())
        assert "audit_ledger" not in periodic.due_jobs(timezone.now())


@pytest.mark.django_db(transaction=True)
def test_of_two_runners_at_once_one_does_the_job() -> None:
    together = Barrier(2)

    def runner(_: int) -> bool:
        together.wait()
        try:
            return periodic.run_if_due("audit_ledger")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(runner, range(2))) == [False, True]
    assert AuditReport.objects.count() == 1


@pytest.mark.django_db
def test_failure_is_recorded_and_forgotten_with_the_next_success(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(periodic.JOBS, "no_such_command", timedelta(seconds=5))
    assert periodic.run_if_due("no_such_command")
    row = PeriodicJob.objects.get(name="no_such_command")
    assert row.last_error == "CommandError"
    assert row.next_run_at <= timezone.now() + timedelta(seconds=5)
    assert periodic.run_now("audit_ledger") == ""
    assert PeriodicJob.objects.get(name="audit_ledger").last_error == ""


@pytest.mark.django_db
def test_work_that_never_ran_is_late_without_end() -> None:
    assert periodic.late_seconds(timezone.now()) == math.inf
    call_command("run_periodic", "--once")
    assert periodic.late_seconds(timezone.now()) == 0
    assert periodic.late_seconds(timezone.now() + timedelta(seconds=65)) > 59
