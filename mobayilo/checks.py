"""Configurations that must not start, each with its remedy."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from accounts.tokens.policy import LONGEST_DAYS
from billing.payments.amounts import SMALLEST_CENTS

SECRET_KEY_LENGTH = 50  # as Django's own check, which only warns
MOST_CENTS = 100_000_000
MANY = 1_000_000
BOUNDS: dict[str, tuple[int, int]] = {
    "WEB_PROCESSES": (1, 10_000),
    "TRUSTED_PROXY_COUNT": (0, 10),
    "TWILIO_TIMEOUT_SECONDS": (1, 60),
    "STRIPE_TIMEOUT_SECONDS": (1, 60),
    "TOKEN_DEFAULT_DAYS": (1, LONGEST_DAYS),
    "TOKEN_MAX_DAYS": (1, LONGEST_DAYS),
    "TOPUP_MAX_CENTS": (SMALLEST_CENTS, MOST_CENTS),
    "TOPUP_MAX_CENTS_NEW_ACCOUNT": (SMALLEST_CENTS, MOST_CENTS),
    "REFUND_DAYS": (0, 3650),
    "ADJUST_MAX_CENTS_SUPPORT": (0, MOST_CENTS),
    "ADJUST_MAX_CENTS_FINANCE": (0, MOST_CENTS),
    "LOW_BALANCE_CENTS": (0, MOST_CENTS),
    "FALSE_ANSWER_SECONDS": (0, 60),
    "CALLER_ID_REVERIFY_DAYS": (0, 3650),
    "NEW_ACCOUNT_DAYS": (0, 3650),
    "CALLS_AT_ONCE": (1, MANY),
    "CALLS_AT_ONCE_NEW_ACCOUNT": (1, MANY),
    "CALLS_PER_HOUR": (1, MANY),
    "NEW_NUMBERS_PER_HOUR": (1, MANY),
    "SPEND_MAX_CENTS_PER_DAY": (0, MOST_CENTS),
    "PRICE_CEILING_CENTS_NEW_ACCOUNT": (0, MOST_CENTS),
}


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


@register
def check_customers_and_keys_are_guarded(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """What tests and laptops may do without, and a public server may not."""
    problems: list[CheckMessage] = []
    if settings.IS_LOCAL:
        return problems
    if not settings.RATELIMIT_ENABLE:
        problems.append(
            Error(
                "A public server would count nothing: passwords and codes could be guessed.",
                hint="Remove RATELIMIT_ENABLE from the environment.",
                id="mobayilo.E003",
            )
        )
    if len(key := settings.SECRET_KEY) < SECRET_KEY_LENGTH or len(set(key)) < 5:
        problems.append(
            Error(
                "SECRET_KEY is too short: sessions and links could be forged.",
                hint=f"Set {SECRET_KEY_LENGTH} random characters or more: "
                'python3 -c "import secrets; print(secrets.token_urlsafe(50))"',
                id="mobayilo.E004",
            )
        )
    return problems


@register
def check_numbers_make_sense(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """A number outside its bounds is a slip: the minus, or another unit."""
    problems: list[CheckMessage] = [
        Error(
            f"{name} is {getattr(settings, name)}.",
            hint=f"Set it to a number from {least} to {most}, or remove it for the default.",
            id="mobayilo.E005",
        )
        for name, (least, most) in BOUNDS.items()
        if not least <= getattr(settings, name) <= most
    ]
    if settings.TOKEN_DEFAULT_DAYS > settings.TOKEN_MAX_DAYS:
        problems.append(
            Error(
                "TOKEN_DEFAULT_DAYS is more than TOKEN_MAX_DAYS.",
                hint="Lower the one or raise the other.",
                id="mobayilo.E006",
            )
        )
    return problems
