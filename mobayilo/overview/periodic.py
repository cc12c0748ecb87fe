"""The work that repeats: which commands, how often, and how one of several runners claims each."""

import logging
from datetime import datetime, timedelta

from django.core.management import call_command
from django.db import close_old_connections
from django.utils import timezone

from mobayilo.overview.models import PeriodicJob

logger = logging.getLogger(__name__)

JOBS: dict[str, timedelta] = {
    "send_notices": timedelta(seconds=5),
    "reconcile_calls": timedelta(seconds=20),
    "reconcile_topups": timedelta(minutes=1),
    "release_holds": timedelta(minutes=1),
    "prune_device_logins": timedelta(hours=1),
    "prune_idempotency_keys": timedelta(hours=1),
    "prune_failed_requests": timedelta(hours=24),
    "clearsessions": timedelta(hours=24),
    "audit_ledger": timedelta(hours=24),
}


def run_due_jobs(now: datetime) -> list[str]:
    """Runs each job whose time has come and which no other runner has claimed. Returns names."""
    ran = [name for name, every in JOBS.items() if _claim(name, every, now)]
    for name in ran:
        _run(name)
    close_old_connections()
    return ran


def _claim(name: str, every: timedelta, now: datetime) -> bool:
    """Moves a due job on to its next time; the row count tells who of several runners did it."""
    PeriodicJob.objects.get_or_create(name=name, defaults={"next_run_at": now})
    due = PeriodicJob.objects.filter(name=name, next_run_at__lte=now)
    return due.update(next_run_at=now + every) == 1


def _run(name: str) -> None:
    """One job. Its failure is recorded and stops neither the runner nor the other jobs."""
    error = ""
    try:
        call_command(name)
    except SystemExit as stopped:
        error = f"ended with {stopped.code}" if stopped.code else ""
    except Exception as failure:
        logger.exception("periodic job failed", extra={"job": name})
        error = type(failure).__name__
    PeriodicJob.objects.filter(name=name).update(last_ended_at=timezone.now(), last_error=error)
