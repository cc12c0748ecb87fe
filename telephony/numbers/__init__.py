"""Phone numbers and countries: the one place where what a person writes becomes E.164."""

from mobayilo.lib.countries import country_code, country_name, country_names, find_country
from telephony.numbers.reading import Number, NumberKind, mask, number_from_e164, read_number
from telephony.numbers.wrapping import MAX_LINK_LENGTH

__all__ = [
    "MAX_LINK_LENGTH",
    "Number",
    "NumberKind",
    "country_code",
    "country_name",
    "country_names",
    "find_country",
    "mask",
    "number_from_e164",
    "read_number",
]
