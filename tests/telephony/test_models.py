"""Refusals of the database itself, and what a phone and a call say of themselves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from telephony.models import (
    Call,
    CallerId,
    CallEvent,
    CarrierFault,
    OpenedDestination,
    Rate,
    Registration,
)
from telephony.numbers import read_number
from tests.telephony.callers import DESTINATION, Person, make_call
from tests.telephony.refusals import error_of

pytestmark = [pytest.mark.db, pytest.mark.django_db]
OTHER_PHONE = "+447400654321"


def refuses(save: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            save()
    except IntegrityError:
        return True
    return False


def copy_of(row: models.Model, **changes: Any) -> bool:
    """Return whether the database refuses a second row like this one, with these changes."""
    fields = (f for f in row._meta.fields if f.name not in ("id", "public_id"))
    named = {field.attname: getattr(row, field.attname) for field in fields}
    return refuses(lambda: type(row)._default_manager.create(**(named | changes)))


def test_phone_is_verified_once_an_account_and_one_is_the_default(local_caller: Person) -> None:
    phone = CallerId.objects.get()
    assert copy_of(phone, is_default=False)
    assert copy_of(phone, e164=OTHER_PHONE)
    assert not copy_of(phone, e164=OTHER_PHONE, is_default=False)
    assert not copy_of(phone, removed_at=timezone.now())


def test_carrier_registers_a_number_once_and_calls_it_once_at_a_time(local_caller: Person) -> None:
    account, user = local_caller.user.account, local_caller.user
    row = Registration.objects.create(
        account=account, user=user, caller_id=CallerId.objects.get(), e164=OTHER_PHONE,
        state="requested", expires_at=timezone.now(),
    )  # fmt: skip
    assert copy_of(row, state="calling")
    assert not copy_of(row, state="registered")
    assert copy_of(row, state="removing")
    assert not copy_of(row, state="removed")
    assert not copy_of(row, state="failed")


def test_call_costs_no_more_than_its_hold_and_has_one_key(local_caller: Person) -> None:
    call = make_call(local_caller.user, seconds=65, idempotency_key="once")
    Call.objects.update(leg_a_cost_micros=0, leg_b_cost_micros=call.hold_micros)
    assert refuses(lambda: Call.objects.update(leg_a_cost_micros=1))
    assert copy_of(call)
    assert not copy_of(call, idempotency_key=None)
    assert not copy_of(call, idempotency_key=None)


def test_report_and_fault_of_the_carrier_and_a_price_are_stored_once(local_caller: Person) -> None:
    call = make_call(local_caller.user)
    fields = {"kind": "child", "call_sid": "CA1", "sequence": "1"}
    event = CallEvent.objects.create(call=call, payload={}, **fields)
    assert copy_of(event)
    assert not copy_of(event, sequence="2")
    assert copy_of(CarrierFault.objects.create(code=21_215, country="DE"))
    rate = Rate.objects.get(prefix="44")
    assert copy_of(rate)
    assert not copy_of(rate, shown_prefixes="44")
    for increment in ("first_seconds", "next_seconds"):
        assert copy_of(rate, prefix="45", **{increment: 0})


def test_destination_is_open_once_an_account_and_once_for_all(alice: User, charlie: User) -> None:
    row = OpenedDestination.objects.create(
        account=alice.account, destination="CU", reason="asked", opened_by=charlie
    )
    assert copy_of(row)
    assert not copy_of(row, account_id=charlie.account_id)
    assert not copy_of(row, account_id=None)
    assert copy_of(row, account_id=None)
    assert not copy_of(row, closed_at=timezone.now())


def test_proof_of_a_phone_lasts_as_long_as_the_operator_says(
    local_caller: Person, settings: Settings
) -> None:
    CallerId.objects.update(verified_at=timezone.now() - timedelta(days=3_650))
    assert error_of(local_caller.post("quote", to=DESTINATION)) == "caller_id_unverified"
    settings.CALLER_ID_REVERIFY_DAYS = 0
    assert local_caller.post("quote", to=DESTINATION).status_code == 200
    assert CallerId.objects.get().reverify_after is None


@pytest.mark.parametrize("typed", ["", " x12", " x0", ",,99#,1"])
def test_call_is_called_again_with_the_keys_that_were_typed(
    local_caller: Person, typed: str
) -> None:
    number = read_number(f"{DESTINATION}{typed}", stated_country=None, default_country=None)
    call = make_call(local_caller.user, send_digits=number.send_digits or "")
    again = read_number(call.redial, stated_country=None, default_country=None)
    assert (again.e164, again.send_digits) == (DESTINATION, number.send_digits)
