"""A cache that is away."""

from collections.abc import Iterator

import pytest
from django.core.cache import close_caches
from pytest_django import Settings

from dev.stack import free_port


@pytest.fixture
def no_redis(settings: Settings) -> Iterator[None]:
    """A Redis that refuses connections; the limits of this process are counted in its memory."""
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    location = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {**settings.CACHES, "default": {**redis, "LOCATION": location}}
    yield
    close_caches()
