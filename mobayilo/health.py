"""What a load balancer asks."""

from functools import cache as once

from django.core.cache import cache
from django.core.checks import run_checks
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from mobayilo.lib.ratelimits import limited


@limited("probes")
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@limited("probes")
def readyz(request: HttpRequest) -> JsonResponse:
    """This process can do its work: database reachable and migrated, and nothing in its
    configuration that `manage.py check` calls an error.

    Without the cache it is degraded and stays ready: reads and calls go on, and a balancer that
    took every machine out at once would end them too.
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
    """The store of the counters answers."""
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return False
    return True


@once
def _configuration_is_right() -> bool:
    """A process keeps the settings that it started with, so it is asked once."""
    return not any(m.is_serious() and not m.is_silenced() for m in run_checks())
