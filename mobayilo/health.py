"""What a load balancer asks."""

from django.core.cache import cache
from django.db import DatabaseError, connection
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
    """This process can do its work: database reachable and migrated, cache reachable."""
    checks = {"database": _database_is_ready(), "cache": _cache_is_ready()}
    ready = all(checks.values())
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "checks": checks}, status=200 if ready else 503
    )


def _database_is_ready() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _cache_is_ready() -> bool:
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return False
    return True
