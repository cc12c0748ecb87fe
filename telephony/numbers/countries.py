"""Countries as they are named for a number: by name, by code, or by their calling code."""

import phonenumbers

from mobayilo.lib.countries import country_name, country_names, find_country, unknown_country

__all__ = ["country_code", "country_name", "country_names", "find_country"]


def country_code(text: str) -> str:
    """Return the ISO code of a country written as `GB`, `gbr`, `United Kingdom`, `UK` or `+44`.

    A calling code that several countries share gives the largest country, since numbers of all
    these countries are read alike. Raise `unknown_country`, with likely countries in details.
    """
    if iso := find_country(text):
        return iso
    digits = text.strip().removeprefix("+").removeprefix("00")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 3:
        region: str = phonenumbers.region_code_for_country_code(int(digits))
        if region in country_names():
            return region
    raise unknown_country(text)
