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
    problems: list[CheckMessage] = [
        Error(
            f"{name} does not begin with {' or '.join(beginnings)}.",
            hint=f"Copy it from Stripe's dashboard ({where}).",
            id=identifier,
        )
        for name, beginnings, identifier, where in _SECRETS
        if not getattr(settings, name).startswith(beginnings)
    ]
    # An organization's key, sk_org_, does not say its mode, and needs a header besides
    # (https://docs.stripe.com/keys/organization-api-keys).
    key = settings.STRIPE_API_KEY
    may_be_a_test_key = key.startswith(("rk_", "sk_")) and not key.startswith(
        ("rk_live_", "sk_live_")
    )
    if not settings.IS_LOCAL and may_be_a_test_key:
        problems.append(
            Error(
                "STRIPE_API_KEY is no live key: card 4242 4242 4242 4242 would buy real calls.",
                hint="Set a live restricted key, rk_live_… (Developers, API keys, live mode).",
                id="billing.E003",
            )
        )
    if not settings.STRIPE_PAYMENT_METHODS:
        problems.append(
            Error(
                "STRIPE_PAYMENT_METHODS is empty.",
                hint="Name the methods, such as card, or remove it for the default.",
                id="billing.E004",
            )
        )
    return problems
