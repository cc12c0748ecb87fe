"""Text, times, money and columns as moby shows them, and money as people type it."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from moby.errors import MobyError

# C0 and C1 controls, bidi embeddings and isolates, zero-width marks, line separators: each
# can move the cursor, hide text or turn it round.
_MARKS = "\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
_UNSAFE = re.compile(f"[\x00-\x1f{_MARKS}]")
# Everything but line ends, tabs, and the colours that moby itself writes.
_UNPRINTABLE = re.compile(f"(\x1b\\[[0-9]{{1,2}}m)|[\x00-\x08\x0b-\x1f{_MARKS}]")
_DAY_SECONDS = 86_400
_AMOUNT = re.compile(r"\$?(\d{1,7})(?:\.(\d{1,2}))?", re.ASCII)
_EXAMPLE = "Write US dollars with a point: 20 or 20.00"
_LONGEST_LEFT_COLUMNS = 28


def clean(text: object) -> str:
    """Return one line of harmless text; tabs and line ends become spaces."""
    one_line = re.sub(r"[\t\r\n]+", " ", str(text))
    return _UNSAFE.sub("", one_line)


def printable(text: str) -> str:
    """Return lines without what could move the cursor, ring, hide text or turn it round."""
    return _UNPRINTABLE.sub(lambda match: match[1] or "", text)


def parse(text: str) -> datetime:
    """Return the instant of an RFC 3339 text; without a zone it is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def days_until(text: str, now: float) -> float:
    try:
        return (parse(text).timestamp() - now) / _DAY_SECONDS
    except ValueError:
        return float("inf")


def from_now(seconds: float, now: float) -> str:
    """Return the instant that many seconds after now, in UTC and RFC 3339."""
    return datetime.fromtimestamp(now + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(text: str | None) -> str:
    """Return date and time on this machine's clock, to the minute."""
    if not text:
        return "-"
    try:
        return parse(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return clean(text)


def relative(text: str, now: float) -> str:
    """Return the distance of an instant in words: in 12 days, 3 hours ago."""
    try:
        seconds = parse(text).timestamp() - now
    except ValueError:
        return clean(text)
    return f"in {span(seconds)}" if seconds >= 0 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """Return a length of time, of either sign, in its largest unit: 12 days, 1 hour."""
    amount, unit = int(abs(seconds)), "second"
    for size, name in ((_DAY_SECONDS, "day"), (3600, "hour"), (60, "minute")):
        if abs(seconds) >= size:
            amount, unit = round(abs(seconds) / size), name
            break
    return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"


def clock_time(seconds: float) -> str:
    """Return a length of time as 1:05 or 1:02:05."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def length(seconds: int) -> str:
    """Return a length of time in words: 3 h 59 min, 2 min 30 s."""
    hours, rest = divmod(max(0, seconds), 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount) or "0 s"


def read_cents(
    text: str, what: str = "an amount", example: str = _EXAMPLE, *, option: str = ""
) -> int:
    """Return an amount of dollars in cents: of 20, 20.5, 20.00 or $20.

    Raise `bad_amount` for anything else, such as a comma or a sign, since moby never guesses. Its
    message says `what` the text should be, and which `option` holds it.
    """
    amount = text.strip()
    if match := _AMOUNT.fullmatch(amount):
        return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
    reason = ""
    if "," in amount:
        reason = ": it has a comma"
    elif re.match(r"-[$€£]?\.?\d", amount):
        reason = ": it is below zero"
    elif re.fullmatch(r"\$?\d+\.\d{3,}", amount):
        reason = ": it has more than two decimals"
    elif re.fullmatch(r"\$?\d{8,}(\.\d+)?", amount):
        reason = ": it is too large"
    raise MobyError("bad_amount", f"{option} {text!r} is not {what}{reason}".lstrip(), example)


def dollars(text: str) -> str:
    """Return an exact decimal string with its sign: $20.00, -$0.045."""
    return f"-${text[1:]}" if text.startswith("-") else f"${text}"


def whole_cents(text: str, *, rounding: str) -> str:
    """Return an exact decimal string in dollars and whole cents, as a sentence has them.

    Round down what there is and up what is needed, so that neither promises too much.
    """
    return dollars(f"{Decimal(text).quantize(Decimal('0.01'), rounding=rounding):.2f}")


def cents_as_dollars(cents: int) -> str:
    return dollars(f"{Decimal(cents) / 100:.2f}")


def columns(rows: Iterable[Sequence[str]], width: int, widest: int = 0) -> list[str]:
    """Return lines of names with their meanings on the right, or below on a narrow screen."""
    pairs = [(str(left), str(right)) for left, right in rows]
    left_width = widest or min(
        max(len(left) for left, right in pairs if right), _LONGEST_LEFT_COLUMNS
    )
    room = width - left_width - 4
    lines = []
    for left, right in pairs:
        if not right:
            lines.append(f"  {left}")
            continue
        if room < 24:
            indent = "    "
            below = textwrap.wrap(right, width, initial_indent=indent, subsequent_indent=indent)
            lines += [f"  {left}", *below]
            continue
        wrapped = textwrap.wrap(right, room) or [""]
        first = f"  {left:<{left_width}}  {wrapped[0]}"
        if len(left) > left_width:
            lines.append(f"  {left}")
            first = " " * (left_width + 4) + wrapped[0]
        lines.append(first.rstrip())
        lines += [" " * (left_width + 4) + more for more in wrapped[1:]]
    return lines
