"""Configurations that must not start, each with its remedy."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def check_counters_are_shared(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Local memory counts per process, so limits would multiply by the number of processes."""
    if settings.WEB_PROCESSES == 1 or settings.REDIS_URL:
        return []
    return [
        Error(
            "Several web processes would each count rate limits on their own.",
            hint="Set REDIS_URL, or set WEB_PROCESSES=1 and run one process.",
            id="mobayilo.E001",
        )
    ]
