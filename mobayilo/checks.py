"""Configurations that must not start, each with its remedy."""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from mobayilo.lib.hosts import are_of_one_owner
from mobayilo.lib.seller import missing_legal_pages

SECRET_KEY_LENGTH = 50  # as Django's own check, which only warns


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
    """Refuse a public server without rate limits or with a weak key; laptops may do without."""
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
def check_mail_and_seller(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a public server whose mail does not arrive, or that names no seller and no support."""
    problems: list[CheckMessage] = []
    if settings.IS_LOCAL:
        return problems
    sender, host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1], settings.PUBLIC.hostname
    if not are_of_one_owner(sender.rpartition("@")[2], host or ""):
        problems.append(
            Error(
                f"MAIL_FROM is {sender or 'no address'}, which is not of {host}: mail of a "
                "foreign domain is taken for forged and does not arrive.",
                hint=f"Set MAIL_FROM to an address of yours, such as hello@{host}.",
                id="mobayilo.E007",
            )
        )
    if "@" not in settings.SUPPORT_EMAIL:
        problems.append(
            Error(
                "SUPPORT_EMAIL is missing: customers could write to no one.",
                hint="Set SUPPORT_EMAIL to an address that support reads.",
                id="mobayilo.E008",
            )
        )
    if missing := missing_legal_pages():
        problems.append(
            Error(
                f"The site has no page of {', '.join(missing)}.",
                hint="Set COMPANY_NAME and COMPANY_ADDRESS, which fill the pages of ours, or the "
                "addresses of your own: TERMS_URL, PRIVACY_URL, REFUNDS_URL.",
                id="mobayilo.E009",
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
            f"{one.name} is {getattr(settings, one.name)}.",
            hint=f"Set it to a number from {one.bounds[0]} to {one.bounds[1]}, "
            "or remove it for the default.",
            id="mobayilo.E005",
        )
        for one in settings.VARIABLES
        if one.bounds and not one.bounds[0] <= getattr(settings, one.name) <= one.bounds[1]
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
