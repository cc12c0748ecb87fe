"""Reading a number in tests: the number, its refusal, or the outcome as the tables write it."""

import pytest

from mobayilo.lib.errors import ProductError
from telephony.numbers import Number, read_number


def read(text: str, *, stated: str | None = None, default: str | None = None) -> Number:
    return read_number(text, stated_country=stated, default_country=default)


def refused(text: str, *, stated: str | None = None, default: str | None = None) -> ProductError:
    with pytest.raises(ProductError) as refusal:
        read(text, stated=stated, default=default)
    return refusal.value


def candidates(text: str, *, stated: str | None = None, default: str | None = None) -> list[str]:
    """The number read, or the ones asked about; none for a refusal."""
    try:
        return [read(text, stated=stated, default=default).e164]
    except ProductError as error:
        return [candidate["e164"] for candidate in error.details.get("candidates", [])]


def outcome(text: str, *, stated: str | None = None, default: str | None = None) -> str:
    """E.164 and extension, or the code of a refusal and the numbers asked about."""
    try:
        number = read(text, stated=stated, default=default)
    except ProductError as error:
        asked = error.details.get("candidates", [])
        return " ".join([error.code, *(candidate["e164"] for candidate in asked)])
    return " ".join(filter(None, [number.e164, number.extension]))
