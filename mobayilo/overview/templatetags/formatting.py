"""Filters for money, numbers and times: `{% load formatting %}`."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mobayilo.lib import formatting
from mobayilo.lib.money import (
    MICROS_PER_CENT,
    align_decimals,
    dollars_to_micros,
    format_balance,
    format_change,
    format_held,
    format_money,
)

register = template.Library()

# None becomes empty: a call that was never answered has no duration and no cost.


@register.filter
def money(micros: int | None) -> str:
    return "" if micros is None else format_money(micros)


@register.filter
def balance(micros: int | None) -> str:
    return "" if micros is None else format_balance(micros)


@register.filter
def held(micros: int) -> str:
    return format_held(micros)


@register.filter
def change(micros: int | None) -> str:
    return "" if micros is None else format_change(micros)


@register.filter
def cents(amount_cents: int | None) -> str:
    return "" if amount_cents is None else format_money(amount_cents * MICROS_PER_CENT)


@register.filter
def dollars(amount: str) -> str:
    """Format an exact decimal string of the API: `{{ receipt.total|dollars }}`."""
    return format_money(dollars_to_micros(Decimal(amount)))


@register.filter
def aligned(amount: str) -> str:
    """Align amounts in a column: `{{ call.cost_micros|money|aligned }}`."""
    return align_decimals(amount)


@register.filter
def e164(number: str | None) -> str:
    return formatting.format_e164(number) if number else ""


@register.filter
def browser(user_agent: str) -> str:
    return formatting.format_browser(user_agent)


@register.filter
def duration(seconds: int | None) -> str:
    return "" if seconds is None else formatting.format_duration(seconds)


@register.filter
def minutes(seconds: int | None) -> str:
    return "" if seconds is None else formatting.format_minutes(seconds)


@register.filter
def steps(first_seconds: int, next_seconds: int) -> str:
    """Format increments: `{{ price.first_seconds|steps:price.next_seconds }}`."""
    return formatting.format_steps(first_seconds, next_seconds)


@register.filter
def ago(instant: datetime) -> str:
    return formatting.format_ago(instant)


@register.filter
def when(instant: datetime | None) -> SafeString | str:
    return _time(instant, formatting.format_when(instant)) if instant else ""


@register.filter
def day(instant: datetime | None) -> SafeString | str:
    return _time(instant, formatting.format_day(instant)) if instant else ""


@register.filter
def plain(value: object) -> object:
    """Return the value of a cell as it is shown: an instant in words, nothing for None."""
    if isinstance(value, datetime):
        return formatting.format_when(value)
    return "" if value is None else value


def _time(instant: datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', instant.isoformat(), text)
