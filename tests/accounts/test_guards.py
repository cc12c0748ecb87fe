"""Guards of a token: spending, destinations and numbers that it may show."""

import pytest

from accounts.guards import (
    Guards,
    check_spend,
    destination_is_allowed,
    own_phone_refusal,
    parse_guards,
)
from mobayilo.lib.errors import ProductError


def test_guards_are_read_as_programs_and_people_write_them() -> None:
    written = {"max_cents_per_day": "500", "destinations": "gb +4420 GB", "caller_ids": None}
    guards = parse_guards(written)
    assert guards == Guards(max_cents_per_day=500, destinations=("GB", "+4420"))
    assert parse_guards(guards.as_columns()) == guards
    assert not parse_guards({})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_cents_per_day", 0),
        ("max_cents_per_day", True),
        ("max_cents_per_call", "1.50"),
        ("max_cents_per_call", -5),
        ("destinations", "ZZ"),
        ("destinations", "+044"),
        ("destinations", []),
        ("destinations", [44]),
        ("destinations", {"GB": 1}),
        ("caller_ids", "+44"),
        ("caller_ids", ["020 7946 0018"]),
        ("max_dollars", 5),
    ],
)
def test_guards_that_cannot_be_name_their_field(field: str, value: object) -> None:
    with pytest.raises(ProductError) as refusal:
        parse_guards({field: value})
    assert refusal.value.code == "invalid_request"
    assert list(refusal.value.details["fields"]) == [field]


def test_spend_is_checked_to_the_micro_dollar() -> None:
    guards = Guards(max_cents_per_day=500, max_cents_per_call=100)
    check_spend(guards, hold_micros=1_000_000, spent_today_micros=4_000_000)
    check_spend(Guards(), hold_micros=10**12, spent_today_micros=10**12)
    with pytest.raises(ProductError) as per_call:
        check_spend(guards, hold_micros=1_000_001, spent_today_micros=0)
    with pytest.raises(ProductError) as per_day:
        check_spend(guards, hold_micros=1_000_000, spent_today_micros=4_000_001)
    assert per_call.value.code == "guard_spend_call"
    assert per_day.value.code == "guard_spend_day"
    assert "$0.99 of that" in per_day.value.message
    assert per_day.value.details["left_micros"] == 999_999


@pytest.mark.parametrize(
    ("e164", "country", "allowed"),
    [
        ("+442079460018", "GB", True),
        ("+441534700000", "JE", False),
        ("+15005550006", "US", True),
        ("+15105550006", "US", False),
        ("+4930123456", "DE", True),
    ],
)
def test_destinations_are_countries_or_prefixes(e164: str, country: str, allowed: bool) -> None:
    guards = Guards(destinations=("GB", "+1500", "+4930123456"))
    assert destination_is_allowed(guards, e164=e164, country=country) is allowed
    assert destination_is_allowed(Guards(), e164=e164, country=country)


def test_caller_ids_are_whole_numbers() -> None:
    guards = Guards(caller_ids=("+442079460018",))
    assert own_phone_refusal(guards, e164="+442079460018", country="GB") is None
    assert own_phone_refusal(guards, e164="+4420794600181", country="GB") == "guard_caller_id"
    assert own_phone_refusal(Guards(), e164="+4420794600181", country="GB") is None


def test_own_phone_is_inside_the_destinations_or_named() -> None:
    guards = Guards(destinations=("GB", "+4915"))
    for e164, country in (("+442079460018", "GB"), ("+4915112345678", "DE")):
        assert own_phone_refusal(guards, e164=e164, country=country) is None
    outside = {"e164": "+2399812345", "country": "ST"}
    assert own_phone_refusal(guards, **outside) == "guard_destination"
    named = Guards(destinations=("GB",), caller_ids=("+2399812345",))
    assert own_phone_refusal(named, **outside) is None
