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


@register
def check_staff_have_a_second_factor(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """The admin sees every customer; on a laptop there are none."""
    if settings.STAFF_MFA_REQUIRED or settings.IS_LOCAL:
        return []
    return [
        Error(
            "The admin of a public server would open to a password alone.",
            hint="Remove STAFF_MFA_REQUIRED from the environment.",
            id="mobayilo.E002",
        )
    ]
