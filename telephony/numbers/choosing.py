"""Choose the readings of a number that the person can have meant."""

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
    is_after_own_exit_code,
    is_as_dialled_at_home,
    is_grouped_as_at_home,
    is_likely,
    is_local_at_home,
    is_long_enough_at_home,
    is_short,
    is_usual_length,
    national_readings,
)
from telephony.numbers.text import Keys, Written, refuse_hidden
from telephony.numbers.wrapping import SHORT_DATE, refuse

SHORTEST_NUMBER = 6  # digits of a whole number that may stand beside another
BRAZIL = 55
CHINA = 86


def choose_readings(written: Written, *, stated: str | None, default: str | None) -> list[Reading]:
    """Return the readings that a person can mean: one to use, or several to ask about.

    Return none if the number has no likely reading.
    """
    if written.is_international:
        readings = _with_plus(written, stated)
    elif stated:
        readings = _in_stated(written, stated, default)
    elif default:
        readings = _in_default(written, default)
    else:
        readings = exit_readings(written, [])
    if written.is_brazilian:
        readings = [reading for reading in readings if reading.number.country_code == BRAZIL]
    if written.is_vanity:  # words belong to numbers of one country, whose code is not left out
        readings = [reading for reading in readings if reading.way != Way.BARE]
    if len(readings) == 1 and is_local_at_home(readings[0], written.digits):
        return []
    return readings


def _with_plus(written: Written, stated: str | None) -> list[Reading]:
    """Return the readings after a plus, which counts more than the stated country.

    `+647-937-1234` stated as American gets the reading at home too: it is grouped as a whole number
    of the stated country, and no space shows where another calling code ends.
    """
    abroad = international_readings(written)
    if not stated or not abroad:
        return abroad
    calling_codes = {str(reading.number.country_code) for reading in abroad}
    is_code_set_apart = written.groups[0].digits in calling_codes
    is_in_stated = str(phonenumbers.country_code_for_region(stated)) in calling_codes
    if is_code_set_apart or is_in_stated:
        return abroad
    at_home = national_readings(written.digits, stated)
    return distinct([*abroad, *(r for r in at_home if is_grouped_as_at_home(r, written))])


def _in_stated(written: Written, stated: str, default: str | None) -> list[Reading]:
    """Return the readings in the stated country, and those abroad that begin with an exit code.

    A reading abroad counts if phones of the stated country, or nearly all phones, dial so.
    """
    abroad = exit_readings(written, [c for c in (stated, default) if c])
    if abroad and written.groups[0].digits == "00":
        return abroad
    at_home = _at_home(written, stated, abroad)
    if at_home:
        likely_abroad = [r for r in abroad if is_likely(r, written)]
        doubted = begins_with_exit_code(written.digits, stated)
        return distinct([*at_home, *(likely_abroad if doubted else [])])
    # A call to one's own country is never dialled abroad, so its exit codes do not lead into it.
    calling_code = phonenumbers.country_code_for_region(stated)
    from_outside = exit_readings(written, [default] if default and default != stated else [])
    into_it = [r for r in from_outside if r.number.country_code == calling_code]
    if into_it or not abroad or abroad[0].way == Way.EXIT_SET_APART:
        return into_it or abroad
    abroad = [r for r in abroad if is_after_own_exit_code(r, written, [stated])]
    return distinct([*abroad, *_with_plus_forgotten(written)])


def _in_default(written: Written, default: str) -> list[Reading]:
    """Return the likely readings: at home, after an exit code, or with the plus forgotten."""
    abroad = exit_readings(written, [default])
    if abroad and written.groups[0].digits == "00":
        return abroad
    at_home = _at_home(written, default, abroad)
    if at_home:
        doubts = [r for r in abroad if is_likely(r, written)]
        first = at_home[0]
        if not (is_as_dialled_at_home(first, written.digits) and is_usual_length(first)):
            # No usual number at home, so the plus may be forgotten.
            doubts += [r for r in bare_readings(written.digits) if is_likely(r, written)]
        return distinct([*at_home, *doubts])
    if any(r.way == Way.EXIT_SET_APART for r in abroad):
        return abroad
    if not abroad and is_long_enough_at_home(written.digits, default):
        return []
    return distinct([*abroad, *_with_plus_forgotten(written)])


def _with_plus_forgotten(written: Written) -> list[Reading]:
    """Return the reading with the calling code first, and a North American one beside it.

    `(649) 244-8367` is grouped as numbers of North America alone are, so that it is not New
    Zealand's +64 9 244 8367 without a question.
    """
    bare = bare_readings(written.digits)
    american = [
        r for r in national_readings(written.digits, "US") if is_grouped_as_at_home(r, written)
    ]
    return distinct([*bare, *(american if bare else [])])


def _at_home(written: Written, country: str, abroad: list[Reading]) -> list[Reading]:
    """Return the readings inside the country, with and without its calling code in front.

    `4915123456789` stated as German is a mobile without its plus, and in libphonenumber also a
    landline without its 0. A zero in brackets inside the number is dialled at home only after a
    trunk prefix: Belarus writes `8 (0) 29 …`.
    """
    trunk_prefix = phonenumbers.ndd_prefix_for_region(country, True)
    if written.before_zero and (abroad or written.before_zero != trunk_prefix):
        return []
    calling_code = phonenumbers.country_code_for_region(country)
    at_home = national_readings(written.digits, country)
    has_code = written.digits.startswith(str(calling_code))
    return distinct([*at_home, *(bare_readings(written.digits) if has_code else [])])


def readings_elsewhere(
    written: Written, *, stated: str | None, default: str | None
) -> list[Reading]:
    """Return the other numbers that the digits can be: for a hint, never to dial."""
    countries = dict.fromkeys(c for c in (stated, default) if c)
    at_home = [r for country in countries for r in national_readings(written.digits, country)]
    return distinct([*at_home, *bare_readings(written.digits)])


def require_one_number(written: Written, *, stated: str | None, default: str | None) -> Written:
    """Return the same text if it holds one number, letters dialled as a keypad does.

    Where numbers have many lengths, as in Germany, a second number or a trailing word makes a
    longer number that is as valid as the first; so the first alone must not be a number already.
    """
    if written.letters:
        if choose_readings(written, stated=stated, default=default):
            refuse("letters", "It has letters after the number. Give the number alone.")
        written = _dial_letters(written, stated=stated, default=default)
    if re.fullmatch(SHORT_DATE, written.body) and not written.is_international:
        readings = choose_readings(written, stated=stated, default=default)
        if not all(is_grouped_as_at_home(reading, written) for reading in readings):
            refuse("date", "That is a date, not a phone number.")
    written = _with_dashed_extension(written, stated=stated, default=default)
    for first, second, is_listed in _halves(written):
        alone = choose_readings(first, stated=stated, default=default)
        if alone and (is_listed or choose_readings(second, stated=stated, default=default)):
            refuse("second_number", "That holds more than one number. Give one at a time.")
    return written


def _dial_letters(written: Written, *, stated: str | None, default: str | None) -> Written:
    """Dial letters on a keypad; of a word that is too long, as many as the number has digits.

    A phone network connects `1-800-CONTACTS` at its eleventh digit. Only the end of a word is cut,
    and only where a single length makes a number: a word of its own is no part of it.
    """
    whole = written.with_letters_dialled(written.letters)
    if choose_readings(whole, stated=stated, default=default):
        return whole
    last_word = re.split(r"\s", written.letters)[-1]
    begin = len(written.letters) - len(last_word)
    shorter = written.with_letters_dialled(written.letters[:begin])
    if begin and choose_readings(shorter, stated=stated, default=default):
        refuse("letters", "It has letters after the number. Give the number alone.")
    ends = range(begin + 1, len(written.letters))
    cuts = [written.with_letters_dialled(written.letters[:end]) for end in ends]
    numbers = {
        cut.digits: cut for cut in cuts if choose_readings(cut, stated=stated, default=default)
    }
    return next(iter(numbers.values())) if len(numbers) == 1 else whole


def _with_dashed_extension(written: Written, *, stated: str | None, default: str | None) -> Written:
    """Split off the extension that Chinese write after a dash: `010-12345678-801`."""
    is_chinese = "CN" in (stated, default) or written.digits.removeprefix("00").startswith("86")
    tail = re.search(r"-(\d{2,6})$", written.body) if is_chinese else None
    if not tail or written.keys.extension:
        return written
    if choose_readings(written, stated=stated, default=default):
        return written
    first = written.cut(0, tail.start())
    readings = choose_readings(first, stated=stated, default=default)
    if [reading.number.country_code for reading in readings] != [CHINA]:
        return written
    return replace(first, keys=Keys(tail[1], f"ww{tail[1]}"))


def refuse_second_number(written: Written, *, countries: set[str]) -> None:
    """Refuse keys after a bare comma or # that are a whole number in one of the countries."""
    for tail in written.keys.tails:
        alone = replace(written, body=tail, has_plus=False)
        if len(tail) >= SHORTEST_NUMBER and any(_is_whole(alone, country) for country in countries):
            refuse(
                "second_number", "That holds more than one number. Give one at a time.",
                hint=f"Keys to press after the answer end with #, such as ,,{tail}#",
            )  # fmt: skip


def refuse_glued_x(written: Written, reading: Reading) -> None:
    """Refuse `+49 30 1234x56`: what stands before the x is shorter than usual numbers are."""
    if written.keys.is_glued and is_short(reading):
        refuse_hidden("x")


def _is_whole(alone: Written, country: str) -> bool:
    """Return whether digits are a number at home, or one abroad after the country's exit code."""
    if begins_with_exit_code(alone.digits, country) and exit_readings(alone, [country]):
        return True
    return any(is_usual_length(reading) for reading in national_readings(alone.digits, country))


def _halves(written: Written) -> list[tuple[Written, Written, bool]]:
    """Return the ways to cut the text in two numbers: at a slash, or where a space begins a 0."""
    cuts = [(m.start(), m.end(), True) for m in re.finditer(r"\s*/\s*", written.body)]
    cuts += [(m.start(), m.end(), False) for m in re.finditer(r"\s+(?=\(?0)", written.body)]
    halves = [(written.cut(0, a), written.cut(b, None), listed) for a, b, listed in cuts]
    return [
        (first, second, is_listed)
        for first, second, is_listed in halves
        if len(first.digits) >= SHORTEST_NUMBER
        and (is_listed or len(second.digits) >= SHORTEST_NUMBER)
    ]
