"""Which of the readings of a number the person can have meant."""

import re
from dataclasses import replace

import phonenumbers

from telephony.numbers.candidates import (
    Reading,
    Way,
    bare_readings,
    begins_with_exit_code,
    distinct,
    exit_readings,
    international_readings,
    is_as_dialled_at_home,
    is_likely,
    is_usual_length,
    national_readings,
)
from telephony.numbers.text import Written, refuse

SHORTEST_NUMBER = 6  # digits of a whole number that may stand beside another


def meant(written: Written, *, stated: str | None, default: str | None) -> list[Reading]:
    """The readings that the person can have meant: one to go on with, several to ask about."""
    if written.has_plus:
        return international_readings(written)
    if stated:
        return _meant_in_stated(written, stated, default)
    abroad = exit_readings(written, [default] if default else [])
    at_home = national_readings(written.digits, default) if default else []
    if not at_home:
        is_clear = default is None or any(r.way == Way.EXIT_SET_APART for r in abroad)
        return abroad if is_clear else distinct([*abroad, *bare_readings(written.digits)])
    likely_abroad = [r for r in abroad if is_likely(r, written)]
    return distinct([*at_home, *likely_abroad, *_bare_doubts(written, at_home[0])])


def _meant_in_stated(written: Written, stated: str, default: str | None) -> list[Reading]:
    """A stated country wins, save where its own phones, or all the world's, dial abroad so."""
    at_home = national_readings(written.digits, stated)
    abroad = exit_readings(written, [c for c in (stated, default) if c])
    if at_home:
        likely_abroad = [r for r in abroad if is_likely(r, written)]
        doubted = begins_with_exit_code(written.digits, stated)
        return distinct([*at_home, *(likely_abroad if doubted else [])])
    # Nobody dials abroad to reach their own country, so its exit codes do not lead into it.
    calling_code = phonenumbers.country_code_for_region(stated)
    from_outside = exit_readings(written, [default] if default and default != stated else [])
    into_it = [r for r in from_outside if r.number.country_code == calling_code]
    return into_it or abroad


def _bare_doubts(written: Written, at_home: Reading) -> list[Reading]:
    """A forgotten plus is considered where the digits are no usual number at home."""
    if is_as_dialled_at_home(at_home, written.digits) and is_usual_length(at_home):
        return []
    return [r for r in bare_readings(written.digits) if is_likely(r, written)]


def elsewhere(written: Written, *, default: str | None) -> list[Reading]:
    """What the digits are outside the country stated: worth a hint, never worth dialling."""
    at_home = national_readings(written.digits, default) if default else []
    return distinct([*at_home, *bare_readings(written.digits)])


def one_number(written: Written, *, stated: str | None, default: str | None) -> Written:
    """The same text if it holds one number, letters dialled as a keypad does.

    Where numbers have many lengths, as in Germany, a second number or a trailing word makes a
    longer number that is as valid as the first; so the first alone must not be a number already.
    """
    if written.letters:
        if meant(written, stated=stated, default=default):
            refuse("letters", "It has letters after the number. Give the number alone.")
        written = written.with_letters_dialled()
    for first, second, is_listed in _halves(written):
        alone = meant(first, stated=stated, default=default)
        if alone and (is_listed or meant(second, stated=stated, default=default)):
            refuse("second_number", "That holds more than one number. Give one at a time.")
    return written


def refuse_second_number(written: Written, *, countries: set[str]) -> None:
    """Refuses keys after a bare comma or # that are a whole number in one of the countries."""
    for tail in written.tails:
        alone = replace(written, body=tail, has_plus=False)
        if len(tail) >= SHORTEST_NUMBER and any(_is_whole(alone, country) for country in countries):
            refuse(
                "second_number", "That holds more than one number. Give one at a time.",
                hint=f"Keys to press after the answer end with #, such as ,,{tail}#",
            )  # fmt: skip


def _is_whole(alone: Written, country: str) -> bool:
    """Whether digits are a number at home, or one abroad after the country's exit code."""
    if begins_with_exit_code(alone.digits, country) and exit_readings(alone, [country]):
        return True
    return any(is_usual_length(reading) for reading in national_readings(alone.digits, country))


def _halves(written: Written) -> list[tuple[Written, Written, bool]]:
    """The ways to cut the text in two numbers: at a slash, or where a space begins a new 0."""
    cuts = [(m.start(), m.end(), True) for m in re.finditer(r"\s*/\s*", written.body)]
    cuts += [(m.start(), m.end(), False) for m in re.finditer(r"\s+(?=\(?0)", written.body)]
    halves = [(written.cut(0, a), written.cut(b, None), listed) for a, b, listed in cuts]
    return [
        (first, second, is_listed)
        for first, second, is_listed in halves
        if len(first.digits) >= SHORTEST_NUMBER
        and (is_listed or len(second.digits) >= SHORTEST_NUMBER)
    ]
