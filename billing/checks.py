"""Checks of the configuration for top-ups, before the first customer meets a mistake."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

_SECRETS = (
    ("STRIPE_API_KEY", ("rk_", "sk_"), "billing.E001", "Developers, API keys"),
    ("STRIPE_WEBHOOK_SECRET", ("whsec_",), "billing.E002", "Developers, Webhooks, the endpoint"),
)


@register
def check_stripe_secrets(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Report a key without which no top-up is made, or a secret without which none is credited."""
    return [
        Error(
            f"{name} does not begin with {' or '.join(beginnings)}.",
            hint=f"Copy it from Stripe's dashboard ({where}).",
            id=identifier,
        )
        for name, beginnings, identifier, where in _SECRETS
        if not getattr(settings, name).startswith(beginnings)
    ]
