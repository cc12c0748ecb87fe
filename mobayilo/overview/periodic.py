"""Periodic jobs: the commands, their periods, and the claim of a job by one of several runners."""

import logging
import math
from datetime import datetime, timedelta

from django.core.management import call_command
from django.utils import timezone

from mobayilo.overview.models import PeriodicJob

logger = logging.getLogger(__name__)

JOBS: dict[str, timedelta] = {
    "send_notices": timedelta(seconds=5),
    "reconcile_calls": timedelta(seconds=20),
    "reconcile_registrations": timedelta(seconds=20),
    "reconcile_topups": timedelta(minutes=1),
    "release_holds": timedelta(minutes=1),
    "read_dialing_permissions": timedelta(hours=1),
    "prune_device_logins": timedelta(hours=1),
    "prune_idempotency_keys": timedelta(hours=1),
    "prune_failed_requests": timedelta(hours=24),
    "clearsessions": timedelta(hours=24),
    "audit_ledger": timedelta(hours=24),
    "reconcile_stripe": timedelta(hours=24),
    "reconcile_twilio": timedelta(hours=24),
}


# A claim is a lease: a job whose runner was killed is due again when the lease ends, and not only
# after its whole period. A job that takes longer may run twice at once; each job is safe to do so.
LEAST_LEASE, MOST_LEASE = timedelta(minutes=1), timedelta(minutes=10)


def due_jobs(now: datetime) -> list[str]:
    """Return the jobs whose time has come: one query, since each runner asks every second."""
    later = set(PeriodicJob.objects.filter(next_run_at__gt=now).values_list("name", flat=True))
    return [name for name in JOBS if name not in later]


def run_if_due(name: str) -> bool:
    """Run a job if it is due and no other runner has claimed it; return whether it ran."""
    started_at = timezone.now()
    lease_ends_at = claim(name, started_at)
    if lease_ends_at is None:
        return False
    error = _run(name)
    claimed = PeriodicJob.objects.filter(name=name, next_run_at=lease_ends_at)
    claimed.update(next_run_at=started_at + JOBS[name])
    _record(name, error)
    return True


def run_now(name: str) -> str:
    """Run a job, due or not, as a crontab needs it. Return the error, or an empty text."""
    next_run_at = timezone.now() + JOBS[name]
    error = _run(name)
    PeriodicJob.objects.update_or_create(name=name, defaults={"next_run_at": next_run_at})
    _record(name, error)
    return error


def claim(name: str, now: datetime) -> datetime | None:
    """Claim a due job and return the end of the lease; None if another runner claimed it.

    The row count of the update decides.
    """
    PeriodicJob.objects.get_or_create(name=name, defaults={"next_run_at": now})
    lease_ends_at = now + min(MOST_LEASE, max(LEAST_LEASE, JOBS[name]))
    due = PeriodicJob.objects.filter(name=name, next_run_at__lte=now)
    return lease_ends_at if due.update(next_run_at=lease_ends_at) else None


def late_seconds(now: datetime) -> float:
    """Return how long the longest waiting job is due; infinity if one never ran."""
    due = dict(PeriodicJob.objects.values_list("name", "next_run_at"))
    if JOBS.keys() - due.keys():
        return math.inf
    return max(0.0, *((now - due[name]).total_seconds() for name in JOBS))


def _run(name: str) -> str:
    """Run a job and return its error, or an empty text. A failure does not stop the runner."""
    try:
        call_command(name)
    except SystemExit as stopped:
        return f"ended with {stopped.code}" if stopped.code else ""
    except Exception as failure:
        logger.exception("periodic job failed", extra={"job": name})
        return type(failure).__name__
    return ""


def _record(name: str, error: str) -> None:
    PeriodicJob.objects.filter(name=name).update(last_ended_at=timezone.now(), last_error=error)
