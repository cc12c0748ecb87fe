"""Money: integers of micro-dollars inside, decimal strings outside, never floats.

`format_micros` is for programs, the other formats are for pages, mails and messages.
"""

import re
from decimal import Decimal

from mobayilo.lib.errors import ProductError

MICROS_PER_CENT = 10_000
MICROS_PER_DOLLAR = 1_000_000
CURRENCY = "USD"
MINUS = "−"  # U+2212, as wide as a plus sign in tabular figures
FIGURE_SPACE = "\u2007"  # as wide as a digit
_AMOUNT = re.compile(r"\$?\s?([0-9]{1,9})(?:\.([0-9]{1,2}))?")


def micros_to_cents(micros: int) -> int:
    """Return whole cents, rounded down (towards less), as a balance is shown."""
    return micros // MICROS_PER_CENT


def format_micros(micros: int) -> str:
    """Return an exact decimal string with 2 to 6 decimals: `20.00`, `0.0125`, `-1.50`."""
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS_PER_DOLLAR)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"


def format_money(micros: int) -> str:
    """Return an exact amount with 2 to 6 decimals: `$20.00`, `$1,250.0125`, `−$1.50`."""
    sign = MINUS if micros < 0 else ""
    whole, decimals = format_micros(abs(micros)).split(".")
    return f"{sign}${int(whole):,}.{decimals}"


def format_balance(micros: int) -> str:
    """Return a balance in whole cents, rounded down so that it never shows more than there is."""
    return format_money(micros_to_cents(micros) * MICROS_PER_CENT)


def format_held(micros: int) -> str:
    """Return what calls under way hold, in whole cents rounded up, as the API does."""
    return format_money(-micros_to_cents(-micros) * MICROS_PER_CENT)


def format_change(micros: int) -> str:
    """Return a change of a balance with its sign: `+$20.00`, `−$0.045`."""
    return f"+{format_money(micros)}" if micros > 0 else format_money(micros)


def align_decimals(amount: str) -> str:
    """Return an amount padded to four decimals, so that points meet in a column."""
    decimals = len(amount.partition(".")[2])
    return amount + FIGURE_SPACE * max(0, 4 - decimals) if amount else ""


def read_amount(text: str) -> int:
    """Return the cents of `20`, `20.00` or `$20`. Raise `invalid_amount` for any other text.

    A comma is refused: `1,000` and `1,50` mean different amounts in different countries.
    """
    written = _AMOUNT.fullmatch(text.strip())
    if written is None:
        problem = "a comma may mean two things" if "," in text else "that is no amount of dollars"
        raise ProductError("invalid_amount", f"Write dollars and cents, such as 20.00: {problem}.")
    whole, cents = written.groups(default="")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


def dollars_to_micros(amount: Decimal) -> int:
    """Return the micro-dollars of an exact decimal; raise ValueError if it has finer parts."""
    micros = amount * MICROS_PER_DOLLAR
    if micros != micros.to_integral_value():
        raise ValueError(f"finer than a micro-dollar: {amount}")
    return int(micros)
