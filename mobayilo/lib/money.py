"""Money: integers of micro-dollars inside, decimal strings outside, never floats."""

from decimal import Decimal

MICROS_PER_CENT = 10_000
MICROS_PER_DOLLAR = 1_000_000
CURRENCY = "USD"


def micros_to_cents(micros: int) -> int:
    """Return whole cents, rounded down (towards less), as a balance is shown."""
    return micros // MICROS_PER_CENT


def format_micros(micros: int) -> str:
    """Return an exact decimal string with 2 to 6 decimals: `20.00`, `0.0125`, `-1.50`."""
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS_PER_DOLLAR)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"


def dollars_to_micros(amount: Decimal) -> int:
    """Return the micro-dollars of an exact decimal; raise ValueError if it has finer parts."""
    micros = amount * MICROS_PER_DOLLAR
    if micros != micros.to_integral_value():
        raise ValueError(f"finer than a micro-dollar: {amount}")
    return int(micros)
