"""The shapes of the API about money."""

from typing import Any

from rest_framework import serializers

from billing.models import TopUp, Transfer
from mobayilo.lib.money import CURRENCY, format_micros
from mobayilo.lib.serializers import StrictSerializer


class BalanceSerializer(serializers.Serializer[Any]):
    """GET balance: cents are rounded down, `balance` is exact.

    `available_balance_cents` repeats `available_cents` for programs of the older moby.
    """

    balance_cents = serializers.IntegerField()
    available_cents = serializers.IntegerField()
    available_balance_cents = serializers.IntegerField()
    held_cents = serializers.IntegerField()
    currency = serializers.CharField()
    balance = serializers.CharField()
    is_low = serializers.BooleanField()


class NewTopUpSerializer(StrictSerializer):
    """POST topups. The bounds are the ledger's; policy is narrower and has its own errors."""

    amount_cents = serializers.IntegerField(min_value=-(10**9), max_value=10**9)


class TopUpSerializer(serializers.ModelSerializer[TopUp]):
    """TOPUP of the contract."""

    topup_id = serializers.CharField(source="public_id")
    currency = serializers.SerializerMethodField()
    status = serializers.ChoiceField(
        choices=[*TopUp.Status.values, "canceled", "refunded", "partly_refunded", "disputed"],
        source="shown_status",
    )
    checkout_url = serializers.SerializerMethodField()

    class Meta:
        model = TopUp
        fields = [
            "topup_id",
            "amount_cents",
            "currency",
            "status",
            "checkout_url",
            "created_at",
            "paid_at",
            "processing_since",
        ]

    def get_currency(self, topup: TopUp) -> str:
        return CURRENCY

    def get_checkout_url(self, topup: TopUp) -> str | None:
        return topup.checkout_url or None


class TransferSerializer(serializers.ModelSerializer[Transfer]):
    """One line of GET transactions."""

    id = serializers.CharField(source="public_id")
    amount = serializers.SerializerMethodField()
    balance_after = serializers.SerializerMethodField()

    class Meta:
        model = Transfer
        fields = [
            "id",
            "created_at",
            "kind",
            "description",
            "amount",
            "balance_after",
            "reference",
        ]

    def get_amount(self, transfer: Transfer) -> str:
        return format_micros(transfer.amount_micros)

    def get_balance_after(self, transfer: Transfer) -> str:
        return format_micros(transfer.balance_after_micros)
