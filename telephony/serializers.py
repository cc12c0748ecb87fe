"""Shapes of the API's requests and answers, as docs/dev/contracts.md has them."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mobayilo.lib.money import MICROS_PER_DOLLAR, dollars_to_micros, format_micros, format_money
from mobayilo.lib.serializers import StrictSerializer
from telephony.answers import poll_after_seconds, receipt_of
from telephony.calls.settlement import charge_of
from telephony.models import Call, CallerId, Verification
from telephony.numbers import MAX_LINK_LENGTH, country_name

ACCOUNT_MODE = "account"  # asks for a quote in the mode that the account has set
MAX_MICROS = 10_000 * MICROS_PER_DOLLAR


class ExactDollarsField(serializers.DecimalField):
    """An exact amount of dollars, read into micro-dollars. Bounds are in micro-dollars too."""

    def __init__(self, *, min_value: int, **kwargs: Any) -> None:
        bounds: dict[str, Any] = {
            "min_value": min_value,
            "max_value": MAX_MICROS,
            "error_messages": {  # those of DRF have the bound in micro-dollars
                "min_value": "Give more than $0.00." if min_value else "Give $0.00 or more.",
                "max_value": f"Give at most {format_money(MAX_MICROS)}.",
            },
        }
        super().__init__(max_digits=12, decimal_places=6, **bounds, **kwargs)

    def to_internal_value(self, data: str | float | Decimal) -> int:  # type: ignore[override]  # micros
        return dollars_to_micros(super().to_internal_value(data))


class NumberRequestSerializer(StrictSerializer):
    number = serializers.CharField(max_length=MAX_LINK_LENGTH)
    country = serializers.CharField(max_length=60, required=False, allow_null=True)


MODE_ERRORS: dict[str, Any] = {"invalid_choice": f"The modes are {' and '.join(Call.Mode.values)}."}


class OrderSerializer(StrictSerializer):
    """The call that is quoted or placed."""

    to = serializers.CharField(max_length=MAX_LINK_LENGTH)
    country = serializers.CharField(max_length=60, required=False, allow_null=True)
    caller_id = serializers.CharField(max_length=32, required=False, allow_null=True)
    max_seconds = serializers.IntegerField(
        min_value=1, max_value=86_400, required=False, allow_null=True
    )
    max_cost = ExactDollarsField(min_value=1, required=False, allow_null=True)
    only_my_number = serializers.BooleanField(required=False, allow_null=True)


class QuoteRequestSerializer(OrderSerializer):
    """An order to be quoted; the mode `account` is the one that the account has set."""

    mode = serializers.ChoiceField(
        choices=[*Call.Mode.choices, (ACCOUNT_MODE, "As the account has it")],
        required=False,
        allow_null=True,
        error_messages=MODE_ERRORS,
    )


class CallRequestSerializer(OrderSerializer):
    mode = serializers.ChoiceField(
        choices=Call.Mode.choices, required=False, allow_null=True, error_messages=MODE_ERRORS
    )
    expected_price_per_minute = ExactDollarsField(min_value=0, required=False, allow_null=True)
    expected_terms = serializers.CharField(max_length=80, required=False, allow_null=True)
    expected_shown_number = serializers.CharField(max_length=16, required=False, allow_null=True)


class VerificationRequestSerializer(NumberRequestSerializer):
    channel = serializers.ChoiceField(
        choices=Verification.Channel.choices, default=Verification.Channel.SMS
    )


class ConfirmationRequestSerializer(StrictSerializer):
    code = serializers.RegexField(
        r"\A[0-9]{4,10}\Z", error_messages={"invalid": "A code is 4 to 10 digits."}
    )
    number = serializers.CharField(max_length=MAX_LINK_LENGTH, required=False, allow_null=True)
    country = serializers.CharField(max_length=60, required=False, allow_null=True)
    verification_id = serializers.CharField(max_length=32, required=False, allow_null=True)


class CountryRequestSerializer(StrictSerializer):
    country = serializers.CharField(max_length=60)


class CountryAnswerSerializer(serializers.Serializer[Any]):
    default_country = serializers.CharField()
    country_name = serializers.CharField()


class CallerIdAnswerSerializer(serializers.ModelSerializer[CallerId]):
    id = serializers.CharField(source="public_id")
    reverify_after = serializers.DateTimeField(allow_null=True, read_only=True)

    class Meta:
        model = CallerId
        fields = ["id", "e164", "country", "is_default", "verified_at", "reverify_after"]


class ListedCallerIdSerializer(CallerIdAnswerSerializer):
    registered = serializers.BooleanField(source="is_registered")

    class Meta(CallerIdAnswerSerializer.Meta):
        fields = [*CallerIdAnswerSerializer.Meta.fields, "registered"]


class OnlyMyNumberSerializer(StrictSerializer):
    only_my_number = serializers.BooleanField()


class AsksForKeySerializer(StrictSerializer):
    asks_for_key = serializers.BooleanField()


class CallModeSerializer(StrictSerializer):
    call_mode = serializers.ChoiceField(choices=Call.Mode.choices, error_messages=MODE_ERRORS)


class RegistrationAnswerSerializer(serializers.Serializer[Any]):
    """REGISTRATION of the contract. `code` is there while the carrier calls the phone."""

    caller_id = serializers.CharField()
    e164 = serializers.CharField()
    state = serializers.ChoiceField(choices=["none", "calling", "registered", "failed"])
    code = serializers.CharField(allow_null=True)
    calls_from = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    failure = serializers.CharField(allow_null=True)


class VerificationAnswerSerializer(serializers.ModelSerializer[Verification]):
    verification_id = serializers.CharField(source="public_id")

    class Meta:
        model = Verification
        fields = ["verification_id", "e164", "channel", "expires_at", "attempts_left"]


class CallerIdsAnswerSerializer(serializers.Serializer[Any]):
    items = ListedCallerIdSerializer(many=True)
    pending = VerificationAnswerSerializer(allow_null=True)


class TotalPerMinuteSerializer(serializers.Serializer[Any]):
    """The whole price of a minute in each mode, null where no call is possible."""

    callback = serializers.CharField(allow_null=True)
    computer = serializers.CharField(allow_null=True)


class NumberAnswerSerializer(serializers.Serializer[Any]):
    e164 = serializers.CharField()
    country = serializers.CharField()
    country_name = serializers.CharField()
    kind = serializers.CharField()
    international = serializers.CharField()
    national = serializers.CharField()
    extension = serializers.CharField(allow_null=True)
    redial = serializers.CharField()
    price_per_minute = serializers.CharField(allow_null=True)
    total_per_minute = TotalPerMinuteSerializer()
    callable = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)


class PriceAnswerSerializer(serializers.Serializer[Any]):
    price_per_minute = serializers.CharField()
    first_seconds = serializers.IntegerField()
    next_seconds = serializers.IntegerField()


class RateAnswerSerializer(PriceAnswerSerializer):
    description = serializers.CharField()
    kind = serializers.CharField()
    prefixes = serializers.ListField(child=serializers.CharField())
    total_per_minute = TotalPerMinuteSerializer()
    buys_seconds = serializers.IntegerField(allow_null=True)


class OwnPhoneSerializer(PriceAnswerSerializer):
    e164 = serializers.CharField()


class OriginSerializer(PriceAnswerSerializer):
    country = serializers.CharField()
    country_name = serializers.CharField()


class RatesAnswerSerializer(serializers.Serializer[Any]):
    """`your_phone` is null without a verified phone, `from` without any country of the caller's.

    `available` and `buys_seconds` are null without a token.
    """

    country = serializers.CharField()
    country_name = serializers.CharField()
    currency = serializers.CharField()
    available = serializers.CharField(allow_null=True)
    your_phone = OwnPhoneSerializer(allow_null=True)
    rates = RateAnswerSerializer(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {**super().get_fields(), "from": OriginSerializer(allow_null=True)}


class PricedLegSerializer(PriceAnswerSerializer):
    leg = serializers.ChoiceField(choices=["a", "b"])


class QuotedLegSerializer(PricedLegSerializer):
    e164 = serializers.CharField(allow_null=True)  # null: the computer's leg has no number


class HoldingCallSerializer(serializers.Serializer[Any]):
    call_id = serializers.CharField()
    to = serializers.CharField()  # with its last four digits only
    hold = serializers.CharField()


class QuoteRefusalSerializer(serializers.Serializer[Any]):
    """The refusal that placing the call would meet; `status` is its HTTP status."""

    code = serializers.CharField()
    status = serializers.IntegerField()
    message = serializers.CharField()
    hint = serializers.CharField()


class QuoteAnswerSerializer(serializers.Serializer[Any]):
    to = serializers.CharField()
    country = serializers.CharField()
    country_name = serializers.CharField()
    kind = serializers.CharField()
    international = serializers.CharField()
    extension = serializers.CharField(allow_null=True)
    mode = serializers.CharField()
    # "from" is a keyword of Python, so that field is declared in `get_fields`.
    caller_id = serializers.CharField()
    shown_number = serializers.CharField()
    fallback_number = serializers.CharField(allow_null=True)
    registration_helps = serializers.BooleanField()
    charges_attempt = serializers.BooleanField()
    asks_for_key = serializers.BooleanField()
    legs = QuotedLegSerializer(many=True)
    price_per_minute = serializers.CharField()
    total_per_minute = TotalPerMinuteSerializer()
    terms = serializers.CharField()
    max_seconds = serializers.IntegerField()
    limited_by = serializers.CharField()
    hold = serializers.CharField()
    available = serializers.CharField()
    held = serializers.CharField()
    held_by = HoldingCallSerializer(many=True)
    refusal = QuoteRefusalSerializer(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {**super().get_fields(), "from": serializers.CharField()}


class BilledLegSerializer(PricedLegSerializer):
    to = serializers.CharField()
    seconds = serializers.IntegerField()
    billed_seconds = serializers.IntegerField()
    cost = serializers.CharField()


class ReceiptSerializer(serializers.Serializer[Any]):
    legs = BilledLegSerializer(many=True)
    shown_number = serializers.CharField(allow_null=True)
    total = serializers.CharField()


class CallAnswerSerializer(serializers.ModelSerializer[Call]):
    """CALL of the contract. `status` repeats `state` for older clients."""

    call_id = serializers.CharField(source="public_id")
    status = serializers.CharField(source="state")
    to = serializers.CharField(source="to_e164")
    shown_number = serializers.CharField(source="shown_e164")
    fallback_number = serializers.SerializerMethodField()
    own_number_refused = serializers.BooleanField(source="is_own_number_refused")
    awaits_key = serializers.BooleanField()
    country = serializers.CharField(source="to_country")
    country_name = serializers.SerializerMethodField()
    price_per_minute = serializers.SerializerMethodField()
    hold = serializers.SerializerMethodField()
    duration_seconds = serializers.SerializerMethodField()
    cost = serializers.SerializerMethodField()
    end_reason = serializers.SerializerMethodField()
    poll_after_seconds = serializers.SerializerMethodField()
    extension = serializers.SerializerMethodField()
    receipt = serializers.SerializerMethodField()

    class Meta:
        model = Call
        fields = [
            "call_id", "state", "status", "mode", "to", "shown_number", "fallback_number",
            "own_number_refused", "awaits_key", "extension", "country", "country_name",
            "price_per_minute", "max_seconds", "hold", "created_at", "answered_at", "ended_at",
            "duration_seconds", "cost", "end_reason", "version", "poll_after_seconds", "receipt",
        ]  # fmt: skip

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {**super().get_fields(), "from": serializers.CharField(source="from_e164")}

    def get_fallback_number(self, call: Call) -> str | None:
        return call.fallback_e164 or None

    def get_extension(self, call: Call) -> str | None:
        return call.extension

    def get_country_name(self, call: Call) -> str:
        return country_name(call.to_country)

    def get_price_per_minute(self, call: Call) -> str:
        return format_micros(call.price.micros_per_minute)

    def get_hold(self, call: Call) -> str:
        return format_micros(call.hold_micros)

    def get_duration_seconds(self, call: Call) -> int | None:
        return charge_of(call).leg_b_seconds if call.settled_at else None

    def get_cost(self, call: Call) -> str | None:
        return None if call.cost_micros is None else format_micros(call.cost_micros)

    def get_end_reason(self, call: Call) -> str | None:
        return call.end_reason or None

    def get_poll_after_seconds(self, call: Call) -> float:
        return poll_after_seconds(call)

    @extend_schema_field(ReceiptSerializer(allow_null=True))
    def get_receipt(self, call: Call) -> dict[str, Any] | None:
        return receipt_of(call)


class VoiceTokenRequestSerializer(StrictSerializer):
    call_id = serializers.CharField(max_length=32)


class VoiceTokenAnswerSerializer(serializers.Serializer[Any]):
    """A token of Twilio's Voice SDK; the client sends `call_id` as its only parameter."""

    call_id = serializers.CharField(source="identity")
    token = serializers.CharField(source="secret")
    identity = serializers.CharField()
    expires_at = serializers.DateTimeField()
    gateway = serializers.CharField()


class CallsPageSerializer(serializers.Serializer[Any]):
    """A page of the list of calls."""

    items = CallAnswerSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)
