"""Instants as the API writes them, and as people read them."""

from datetime import UTC, datetime

from moby.text import clean

_DAY_SECONDS = 86_400


def parse(text: str) -> datetime:
    """An RFC 3339 instant; without a zone it is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def days_until(text: str, now: float) -> float:
    try:
        return (parse(text).timestamp() - now) / _DAY_SECONDS
    except ValueError:
        return float("inf")


def from_now(seconds: float, now: float) -> str:
    """The instant so many seconds after now, in UTC and RFC 3339."""
    return datetime.fromtimestamp(now + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(text: str | None) -> str:
    """Date and time on this machine's clock, to the minute."""
    if not text:
        return "-"
    try:
        return parse(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return clean(text)


def relative(text: str, now: float) -> str:
    """How far away an instant is: in 12 days, 3 hours ago."""
    try:
        seconds = parse(text).timestamp() - now
    except ValueError:
        return clean(text)
    amount, unit = _largest_unit(abs(seconds))
    plural = "" if amount == 1 else "s"
    return f"in {amount} {unit}{plural}" if seconds >= 0 else f"{amount} {unit}{plural} ago"


def _largest_unit(seconds: float) -> tuple[int, str]:
    for size, unit in ((_DAY_SECONDS, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return round(seconds / size), unit
    return int(seconds), "second"


def clock_time(seconds: float) -> str:
    """A length of time as 1:05 or 1:02:05."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def length(seconds: int) -> str:
    """A length of time in words: 3 h 59 min, 2 min 30 s."""
    hours, rest = divmod(max(0, seconds), 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount) or "0 s"
