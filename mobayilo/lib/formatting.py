"""Phone numbers, durations, browsers and times as pages, mails and programs read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import phonenumbers
from django.utils import formats, timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

KNOWN_TIME_ZONES = frozenset(available_timezones())
# The first mark that is found decides: every browser claims to be several others as well.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def format_e164(e164: str) -> str:
    """Return a number with its country's spaces: `+44 20 7946 0018`; any other text as it is."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def format_duration(seconds: int) -> str:
    """Return a duration such as `0:47`, `12:05`, `1:02:05`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def format_steps(first_seconds: int, next_seconds: int) -> str:
    """Return the billing steps of a call: `60 s`, or `30 s, then 6 s` where they differ."""
    first, following = (_("%(seconds)d s") % {"seconds": s} for s in (first_seconds, next_seconds))
    if first_seconds == next_seconds:
        return first
    return _("%(first)s, then %(following)s") % {"first": first, "following": following}


def format_minutes(seconds: int) -> str:
    """Return a sum of talking time in minutes with one decimal: `62.1 min`."""
    return _("%(minutes)s min") % {"minutes": f"{seconds / 60:,.1f}"}


def format_browser(user_agent: str) -> str:
    """Return a browser's name such as `Firefox on Linux`; an unknown one as it is."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if not (browser and system):
        return user_agent
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}


def format_ago(instant: datetime) -> str:
    """Return the rough age of an instant: `just now`, `2 hours ago`."""
    if timezone.now() - instant < timedelta(minutes=1):
        return _("just now")
    return _("%(span)s ago") % {"span": timesince(instant, depth=1)}


def format_when(instant: datetime) -> str:
    """Return an instant in the current time zone: `24 Nov 2026, 20:40`."""
    return formats.date_format(timezone.localtime(instant), "j M Y, H:i")


def format_day(instant: datetime) -> str:
    """Return the day of an instant in the current time zone: `24 Nov 2026`."""
    return formats.date_format(timezone.localtime(instant), "j M Y")


def rfc3339(instant: datetime) -> str:
    """Return an instant as `2026-11-24T20:40:00Z`, in UTC, to the second."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
