"""The pages that a load balancer asks for."""

from datetime import timedelta
from functools import cache as once

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.core.checks import run_checks
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, JsonResponse
from redis.exceptions import RedisError

from mobayilo.lib.ratelimits import limited

PROBE_SALT = "mobayilo.probe"
PROBE_LASTS = timedelta(minutes=1)


@limited("probes")
def healthz(request: HttpRequest) -> JsonResponse:
    """Report that this process answers."""
    return JsonResponse({"status": "ok"})


@limited("probes")
def probe(request: HttpRequest, signed: str) -> JsonResponse:
    """Report to `check_live` what proxies wrote, and how many are trusted; only this site asks."""
    try:
        signing.loads(signed, salt=PROBE_SALT, max_age=PROBE_LASTS)
    except signing.BadSignature:
        raise Http404 from None
    forwarded = request.headers.get("X-Forwarded-For", "")
    return JsonResponse({"forwarded": forwarded, "trusted": settings.TRUSTED_PROXY_COUNT})


@limited("probes")
def readyz(request: HttpRequest) -> JsonResponse:
    """Report whether this process can do its work.

    The database must be reachable and migrated, and the configuration without errors of
    `manage.py check`. Without the cache it is degraded and stays ready: reads and calls go on, and
    a balancer that took every machine out at once would end them too.
    """
    needed = {"database": _database_is_ready(), "configuration": _configuration_is_right()}
    checks = {**needed, "cache": cache_is_ready()}
    if not all(needed.values()):
        return JsonResponse({"status": "unavailable", "checks": checks}, status=503)
    return JsonResponse({"status": "ok" if checks["cache"] else "degraded", "checks": checks})


def _database_is_ready() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return False


def cache_is_ready() -> bool:
    """Return whether the store of the counters answers."""
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return False
    return True


@once
def _configuration_is_right() -> bool:
    """Return whether the configuration has no errors; checked once, as settings do not change."""
    return not any(m.is_serious() and not m.is_silenced() for m in run_checks())
