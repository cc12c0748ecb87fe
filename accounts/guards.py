"""Guards of a token: its spending, its destinations, and the own phones that it may use.

Pure functions. Telephony calls the checks inside the transaction that places the hold.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from mobayilo.lib.countries import find_country
from mobayilo.lib.errors import ProductError
from mobayilo.lib.money import MICROS_PER_CENT, format_balance, format_held, format_money

MAX_CENTS = 1_000_000_00
MAX_ENTRIES = 50
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class GuardColumns(Protocol):
    """A row with the limits of a token."""

    max_cents_per_day: int | None
    max_cents_per_call: int | None
    destinations: list[str] | None
    caller_ids: list[str] | None


@dataclass(frozen=True, slots=True)
class Guards:
    """The limits of a token. None means no limit; an empty tuple never occurs."""

    max_cents_per_day: int | None = None
    max_cents_per_call: int | None = None
    destinations: tuple[str, ...] | None = None
    caller_ids: tuple[str, ...] | None = None

    @classmethod
    def from_columns(cls, columns: "GuardColumns") -> "Guards":
        return cls(
            columns.max_cents_per_day,
            columns.max_cents_per_call,
            None if columns.destinations is None else tuple(columns.destinations),
            None if columns.caller_ids is None else tuple(columns.caller_ids),
        )

    def as_columns(self) -> dict[str, Any]:
        """Return the GUARDS object of the API, which is also the values of the model's columns."""
        return {
            "max_cents_per_day": self.max_cents_per_day,
            "max_cents_per_call": self.max_cents_per_call,
            "destinations": None if self.destinations is None else list(self.destinations),
            "caller_ids": None if self.caller_ids is None else list(self.caller_ids),
        }

    def __bool__(self) -> bool:
        return self != NO_GUARDS


NO_GUARDS = Guards()


def parse_guards(raw: Mapping[str, Any]) -> Guards:
    """Return the guards that programs and people write: cents as whole numbers, lists or words.

    Raise `invalid_request` that names the field.
    """
    unknown = sorted(raw.keys() - Guards.__dataclass_fields__.keys())
    if unknown:
        _refuse(unknown[0], "There is no such guard.")
    return Guards(
        _cents(raw, "max_cents_per_day"),
        _cents(raw, "max_cents_per_call"),
        _entries(raw, "destinations", _destination),
        _entries(raw, "caller_ids", _caller_id),
    )


def check_spend(guards: Guards, *, hold_micros: int, spent_today_micros: int) -> None:
    """Raise `guard_spend_call` or `guard_spend_day` if a hold goes over a limit.

    `spent_today_micros` is the spending of the token's whole line in this UTC day, with open holds
    and without this one.
    """
    per_call, per_day = guards.max_cents_per_call, guards.max_cents_per_day
    if per_call is not None and hold_micros > per_call * MICROS_PER_CENT:
        raise ProductError(
            "guard_spend_call",
            f"This token may spend {format_money(per_call * MICROS_PER_CENT)} a call, "
            f"and this one needs {format_held(hold_micros)}.",
            details={"max_cents_per_call": per_call},
        )
    if per_day is None:
        return
    left_micros = max(0, per_day * MICROS_PER_CENT - spent_today_micros)
    if hold_micros > left_micros:
        raise ProductError(
            "guard_spend_day",
            f"This token may spend {format_money(per_day * MICROS_PER_CENT)} a day (UTC), "
            f"and {format_balance(left_micros)} of that is left.",
            details={"max_cents_per_day": per_day, "left_micros": left_micros},
        )


def destination_is_allowed(guards: Guards, *, e164: str, country: str) -> bool:
    """Return whether the token may call a number; `country` is the ISO code of that number."""
    if guards.destinations is None:
        return True
    return any(
        e164.startswith(entry) if entry.startswith("+") else entry == country
        for entry in guards.destinations
    )


def own_phone_refusal(guards: Guards, *, e164: str, country: str) -> str | None:
    """Return the code that refuses a token a phone of the customer, or None if it is allowed.

    That phone is the other leg of each call. It has to be one that `caller_ids` names; without
    `caller_ids` it has to be inside `destinations`.
    """
    if guards.caller_ids is not None:
        return None if e164 in guards.caller_ids else "guard_caller_id"
    if destination_is_allowed(guards, e164=e164, country=country):
        return None
    return "guard_destination"


def _cents(raw: Mapping[str, Any], field: str) -> int | None:
    value = raw.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_CENTS:
        _refuse(field, f"Give whole cents from 1 to {MAX_CENTS}.")
    return int(value)


def _entries(
    raw: Mapping[str, Any], field: str, parse: Callable[[str, str], str]
) -> tuple[str, ...] | None:
    words = raw.get(field)
    if words is None or words == "":
        return None
    if isinstance(words, str):
        # Split at commas, and at spaces where they are no part of a country's name.
        parts = [part.strip() for part in words.strip(", ").split(",")]
        words = [
            word
            for part in parts
            for word in ([part] if find_country(part) else re.split(r"\s+", part))
        ]
    is_list = isinstance(words, list | tuple) and all(isinstance(word, str) for word in words)
    if not is_list or not 1 <= len(words) <= MAX_ENTRIES:
        _refuse(field, f"Give 1 to {MAX_ENTRIES} entries.")
    return tuple(dict.fromkeys(parse(field, word) for word in words))


def _destination(field: str, word: str) -> str:
    if _PREFIX.fullmatch(word):
        return word
    country = find_country(word)
    if country is None:
        _refuse(field, f"“{word[:20]}” is no country, such as GB, and no prefix such as +4420.")
    return country


def _caller_id(field: str, word: str) -> str:
    if not _E164.fullmatch(word):
        _refuse(field, f"“{word[:20]}” is no number such as +442079460018.")
    return word


def _refuse(field: str, message: str) -> NoReturn:
    raise ProductError("invalid_request", message, details={"fields": {field: [message]}})
