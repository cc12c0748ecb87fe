"""Refusals of the database itself, about money."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Account
from billing.models import Book, ImmutableTransferError, Transfer
from tests.database import ON_SQLITE

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.parametrize("change", ["balance_micros = -1", "held_micros = -1", "held_micros = 1e9"])
def test_database_refuses_totals_that_cannot_be(account: Account, change: str) -> None:
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(f"UPDATE billing_wallet SET {change}")  # noqa: S608 - the lines above


def test_database_refuses_two_transfers_of_one_key(account: Account) -> None:
    fields = {"book": Book.ADJUSTMENTS, "kind": Transfer.Kind.ADJUSTMENT, "amount_micros": 1}
    with pytest.raises(IntegrityError):
        Transfer.objects.create(
            wallet=account.wallet, key="adjustment:test", balance_after_micros=1, **fields
        )


def test_model_refuses_to_change_or_delete_a_transfer(account: Account) -> None:
    transfer = Transfer.objects.get()
    for act in (
        transfer.save,
        transfer.delete,
        Transfer.objects.all().delete,
        lambda: Transfer.objects.update(amount_micros=1),
    ):
        with pytest.raises(ImmutableTransferError):
            act()


@pytest.mark.skipif(ON_SQLITE, reason="the triggers are PostgreSQL's")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_transfer SET amount_micros = 1",
        "DELETE FROM billing_transfer",
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE billing_transfer",
    ],
)
def test_database_refuses_to_change_history(account: Account, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Transfer.objects.count() == 1
