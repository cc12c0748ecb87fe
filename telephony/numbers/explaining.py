"""Explain why digits are no phone number, and how one is written in that country."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from mobayilo.lib.countries import country_name
from mobayilo.lib.errors import ProductError
from telephony.numbers.candidates import EXIT_CODES
from telephony.numbers.text import Written

# Plans that grew: the lengths of the old numbers, and what a caller has to add today.
RENUMBERED = {
    "BJ": ({8}, "Numbers in Benin got 01 in front on 30 November 2024"),
    "CI": ({8}, "Numbers in Côte d'Ivoire got two digits in front on 31 January 2021"),
    "CO": ({7, 8}, "Landlines in Colombia got 60 and the area digit in front on 1 September 2021"),
    "BR": ({8, 10}, "Mobiles in Brazil have a 9 after the area code since 2016"),
    "GA": ({7, 8}, "Numbers in Gabon got new first digits on 29 June 2019"),
}
NOUNS = {
    PhoneNumberType.MOBILE: "a mobile",
    PhoneNumberType.FIXED_LINE: "a landline",
}
FILLERS = ("23456789012", "00000000000", "11111111111", "45678901234", "99999999999")
REASONS = {
    "too_short": "Too short",
    "too_long": "Too long",
    "area_code_missing": "The area code is missing",
    "not_assigned": "No number begins like that",
}
_REASONS_BY_LENGTH = {
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.TOO_LONG: "too_long",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A reason why there is no such number, and the kind that it comes nearest to."""

    reason: str
    kind: int


def no_such_number(written: Written, *, country: str | None) -> ProductError:
    """Return the refusal of digits without a valid reading: the reason, and an example."""
    if written.is_brazilian:
        return _refusal("hidden_digits", "0xx is dialled in Brazil only.", "Write every digit.")
    has_exit_code = not written.has_plus and written.digits.startswith(EXIT_CODES)
    if written.before_zero and not has_exit_code and not written.after(""):
        return _refusal(
            "bracketed_zero", "A zero in brackets belongs right after the country code.",
            "Write it like +44 (0)20 7946 0018, or leave out the zero.",
        )  # fmt: skip
    spellings = written.after("") if written.is_international else []
    digits = spellings[0] if spellings else written.digits
    possible = _possible(digits, country, is_international=written.is_international)
    if possible is None:
        return _unreadable(digits, country, is_international=written.is_international)
    number, region = possible
    nsn = _nsn(number).removeprefix(phonenumbers.ndd_prefix_for_region(region, True) or "")
    is_local = not written.is_international and digits == nsn
    fault = _fault(number, nsn, region, is_local=is_local)
    abroad = written.is_international or region != country
    example = _example(region, fault.kind)
    shown = phonenumbers.format_number(
        example, PhoneNumberFormat.INTERNATIONAL if abroad else PhoneNumberFormat.NATIONAL
    )
    return ProductError(
        "invalid_number",
        f"{REASONS[fault.reason]}: {_shape(region, example, shown)}",
        hint=_hint(region, nsn, shown, is_local=is_local),
        details={"reason": fault.reason, "country": region, "example": shown},
    )


def _refusal(reason: str, message: str, hint: str) -> ProductError:
    return ProductError("invalid_number", message, hint=hint, details={"reason": reason})


def _possible(
    digits: str, country: str | None, *, is_international: bool
) -> tuple[PhoneNumber, str] | None:
    """Return the digits as libphonenumber splits them, with their region; None if it finds none.

    The number may not exist. If several regions share its calling code, the stated one is returned.
    """
    spellings = [(f"+{digits}", None)] if is_international else [(digits, country)]
    for exit_code in ("0011", "011", "00"):
        if not is_international and digits.startswith(exit_code):
            spellings.insert(0, (f"+{digits.removeprefix(exit_code)}", None))
    for text, dialled_in in spellings:
        try:
            number = phonenumbers.parse(text, dialled_in)
        except phonenumbers.NumberParseException:
            continue
        calling_code = number.country_code or 0
        if country and phonenumbers.country_code_for_region(country) == calling_code:
            return number, country
        region: str | None = phonenumbers.region_code_for_country_code(calling_code)
        return None if region in {None, "ZZ", "001"} else (number, region)
    return None


def _fault(number: PhoneNumber, nsn: str, region: str, *, is_local: bool) -> Fault:
    verdict = phonenumbers.is_possible_number_with_reason(number)
    is_short_at_home = verdict == ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    if is_local and (is_short_at_home or phonenumbers.is_valid_number(number)):
        return Fault("area_code_missing", PhoneNumberType.FIXED_LINE)
    lengths = sorted({len(_nsn(_example(region, kind))) for kind in NOUNS})
    for length in lengths:
        for filler in FILLERS:
            kind = _kind_of(number, nsn + filler[: max(0, length - len(nsn))])
            if len(nsn) < length and kind is not None:
                return Fault("too_short", kind)
    for length in reversed(lengths):
        kind = _kind_of(number, nsn[:length])
        if len(nsn) > length and kind is not None:
            return Fault("too_long", kind)
    return Fault(_REASONS_BY_LENGTH.get(verdict, "not_assigned"), PhoneNumberType.MOBILE)


def _kind_of(number: PhoneNumber, nsn: str) -> int | None:
    """Return the kind of a number in the same plan, None when no such number exists."""
    try:
        other = phonenumbers.parse(f"+{number.country_code}{nsn}")
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.number_type(other) if phonenumbers.is_valid_number(other) else None


def _example(region: str, kind: int) -> PhoneNumber:
    """Return an example of the kind, or of a mobile or landline, which every region has."""
    kinds = (kind, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
    examples = [phonenumbers.example_number_for_type(region, k) for k in kinds]
    return next(example for example in examples if example)


def _nsn(number: PhoneNumber) -> str:
    return str(phonenumbers.national_significant_number(number))


def _shape(region: str, example: PhoneNumber, shown: str) -> str:
    """Return a sentence such as `a mobile in GB has 10 digits after the 0, like 07400 123456.`"""
    nsn = _nsn(example)
    digits = "".join(c for c in shown if c.isdigit())
    trunk = digits.removesuffix(nsn) if digits.endswith(nsn) else ""
    plus = "+" if shown.startswith("+") else ""
    after = f" after the {plus}{trunk}" if trunk else ""
    noun = NOUNS.get(phonenumbers.number_type(example), "a number")
    return f"{noun} in {region} has {len(nsn)} digits{after}, like {shown}."


def _hint(region: str, nsn: str, shown: str, *, is_local: bool) -> str:
    lengths, change = RENUMBERED.get(region, (set(), ""))
    if len(nsn) in lengths:
        return f"{change}, as in {shown}."
    if nsn.startswith("0") and not phonenumbers.ndd_prefix_for_region(region, True):
        return f"Leave out the 0 in front: numbers in {country_name(region)} look like {shown}."
    if is_local and shown.startswith(("0", "(0")):
        return f"Put the area code and its 0 in front. Numbers in {region} look like {shown}."
    return f"Check the digits. Numbers in {country_name(region)} look like {shown}."


def _unreadable(digits: str, country: str | None, *, is_international: bool) -> ProductError:
    kind = PhoneNumberType.MOBILE
    example = _example(country, kind) if country else phonenumbers.parse("+442079460018")
    form = PhoneNumberFormat.NATIONAL if country else PhoneNumberFormat.INTERNATIONAL
    shown = phonenumbers.format_number(example, form)
    message, reason = "No country has such a number.", "country_code"
    if len(digits) < 4:
        message, reason = "Too short: that is no whole phone number.", "too_short"
    elif len(digits) > 15:
        message, reason = "Too long: no phone number has more than 15 digits.", "too_long"
    elif is_international and digits.startswith("0"):
        message = "No country code begins with 0: after the plus comes the country, as in +44."
    return ProductError(
        "invalid_number",
        message,
        hint=f"Write it like {shown}.",
        details={"reason": reason, "country": country, "example": shown},
    )
