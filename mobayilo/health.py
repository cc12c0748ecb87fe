"""What a load balancer asks."""

from functools import cache as once

from django.core.cache import cache
from django.core.checks import run_checks
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from mobayilo.lib.ratelimits import limited


@limited("public-read")
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@limited("public-read")
def readyz(request: HttpRequest) -> JsonResponse:
    """This process can do its work: database reachable and migrated, cache reachable, and nothing
    in its configuration that `manage.py check` calls an error.
    """
    checks = {
        "database": _database_is_ready(),
        "cache": _cache_is_ready(),
        "configuration": _configuration_is_right(),
    }
    ready = all(checks.values())
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "checks": checks}, status=200 if ready else 503
    )


def _database_is_ready() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return False


def _cache_is_ready() -> bool:
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return False
    return True


@once
def _configuration_is_right() -> bool:
    """A process keeps the settings that it started with, so it is asked once."""
    return not any(m.is_serious() and not m.is_silenced() for m in run_checks())
