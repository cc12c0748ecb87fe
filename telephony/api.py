"""The CLI API of numbers, phones and calls: read the input, call an operation, show the result."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import account_of, token_of, user_of
from accounts.api.idempotency import IdempotentPost
from accounts.models import Account
from billing.models import Wallet
from mobayilo.lib.errors import ProductError, asks_from_terminal, not_found
from mobayilo.lib.pagination import CursorPages
from mobayilo.lib.serializers import StrictSerializer
from telephony.answers import number_check_of, quote_of, rates_of, registration_answer_of
from telephony.calls.hangup import hang_up
from telephony.calls.place import make_voice_token, place_call, quote_call
from telephony.calls.quote import (
    CallFunds,
    CallOrder,
    CallRequest,
    available_micros_of,
    mode_of,
    number_shown,
    origin_in,
    origin_of,
    rate_from,
    rates_from,
    read_called_number,
)
from telephony.forms import CallFilters
from telephony.models import Call, CallerId
from telephony.numbers import country_code, country_name, read_number
from telephony.phones.caller_ids import (
    active_caller_ids,
    remove_caller_id,
    set_asks_for_key,
    set_call_mode,
    set_default,
    set_default_country,
    set_only_my_number,
)
from telephony.phones.registrations import registration_of, start_registration, unregister
from telephony.phones.shown import rules_read_with
from telephony.phones.verifications import (
    confirm_verification,
    pending_verification,
    request_verification,
)
from telephony.rates.deck import DeckIndex, current_deck
from telephony.rules import check_destination
from telephony.serializers import (
    ACCOUNT_MODE,
    AsksForKeySerializer,
    CallAnswerSerializer,
    CallerIdAnswerSerializer,
    CallerIdsAnswerSerializer,
    CallModeSerializer,
    CallRequestSerializer,
    CallsPageSerializer,
    ConfirmationRequestSerializer,
    CountryAnswerSerializer,
    CountryRequestSerializer,
    ListedCallerIdSerializer,
    NumberAnswerSerializer,
    NumberRequestSerializer,
    OnlyMyNumberSerializer,
    QuoteAnswerSerializer,
    QuoteRequestSerializer,
    RatesAnswerSerializer,
    RegistrationAnswerSerializer,
    VerificationAnswerSerializer,
    VerificationRequestSerializer,
    VoiceTokenAnswerSerializer,
    VoiceTokenRequestSerializer,
)


def read(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Return the fields of the request. Raise `invalid_request` for fields that cannot be used."""
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


class CountryRatesView(APIView):
    """Prices of a minute to a country, by its ISO code or its name; a token is optional."""

    joined = Wallet
    permission_classes: list[Any] = []
    limit = "public-read"

    @extend_schema(
        operation_id="country_rates_retrieve",
        parameters=[OpenApiParameter("from", str)],
        responses=RatesAnswerSerializer,
    )
    def get(self, request: Request, country: str) -> Response:
        iso = country_code(country)
        deck = current_deck()
        funds = _funds(request, deck)
        rates = rates_from(funds.origin if funds else None, deck, [iso])
        return Response(rates_of(iso, list(rates), deck, funds))


class NumberRatesView(APIView):
    """Price of a minute to one number, read in the country of the account if a token is sent."""

    joined = Wallet
    permission_classes: list[Any] = []
    limit = "public-read"

    @extend_schema(
        parameters=[
            OpenApiParameter("number", str, required=True),
            OpenApiParameter("country", str),
            OpenApiParameter("from", str),
        ],
        responses=RatesAnswerSerializer,
    )
    def get(self, request: Request) -> Response:
        text = request.query_params.get("number", "")
        if not text:
            raise ProductError("invalid_request", "Say which number, or ask for rates/GB.")
        account = _account_if_known(request)
        number = read_number(
            text,
            stated_country=request.query_params.get("country") or None,
            default_country=(account.default_country or None) if account else None,
        )
        deck = current_deck()
        funds = _funds(request, deck, called_e164=number.e164)
        rate = rate_from(funds.origin if funds else None, deck, number)
        rows = [rate] if rate else []
        return Response(rates_of(number.country, rows, deck, funds))


def _account_if_known(request: Request) -> Account | None:
    return account_of(request) if request.auth else None


def _funds(request: Request, deck: DeckIndex, *, called_e164: str = "") -> CallFunds | None:
    """Return where the caller's phone is, by `from` or by the account, and the account's money."""
    account = _account_if_known(request)
    if stated := request.query_params.get("from"):
        origin = origin_in(stated, deck)
    else:
        origin = origin_of(account, deck, called_e164=called_e164) if account else None
    if origin is None:
        return None
    return CallFunds(origin, available_micros_of(account) if account else None)


class NumberCheckView(APIView):
    """Read a number without dialling it, and say whether it could be called."""

    scopes = {"POST": None}
    limit = "api-read"

    @extend_schema(request=NumberRequestSerializer, responses=NumberAnswerSerializer)
    def post(self, request: Request) -> Response:
        fields = read(NumberRequestSerializer, request)
        account = account_of(request)
        number = read_called_number(account, fields["number"], fields.get("country"))
        deck, rate, origin, reason = None, None, None, None
        try:
            deck = current_deck()
            origin = origin_of(account, deck, called_e164=number.e164)
            rate = rate_from(origin, deck, number)
            ours = rules_read_with(origin.caller_id if origin else None).operator_numbers
            shown_e164 = number_shown(origin, number.country)
            check_destination(account, number, deck, operator_numbers=ours, shown_e164=shown_e164)
        except ProductError as refusal:
            reason, origin = refusal.code, None
        return Response(number_check_of(number, rate, reason, deck=deck, origin=origin))


class QuoteView(APIView):
    """Price of a call, and the time that the balance affords."""

    scopes = {"POST": None}
    limit = "api-read"

    @extend_schema(request=QuoteRequestSerializer, responses=QuoteAnswerSerializer)
    def post(self, request: Request) -> Response:
        order = read(QuoteRequestSerializer, request)
        if order.get("mode") == ACCOUNT_MODE:
            order["mode"] = mode_of(account_of(request))
        call_request = CallRequest(
            user=user_of(request),
            token=token_of(request),
            order=_call_order(order),
            request_id=getattr(request, "request_id", ""),
        )
        on_terminal = asks_from_terminal(request._request)
        return Response(quote_of(quote_call(call_request), on_terminal=on_terminal))


def _call_order(fields: dict[str, Any]) -> CallOrder:
    """Return the call order of a request, whose `max_cost` is in micro-dollars."""
    return CallOrder(
        to=fields["to"],
        country=fields.get("country"),
        caller_id=fields.get("caller_id"),
        max_seconds=fields.get("max_seconds"),
        max_cost_micros=fields.get("max_cost"),
        only_my_number=fields.get("only_my_number"),
        mode=Call.Mode(fields.get("mode") or Call.Mode.CALLBACK),
    )


class CallerIdsView(IdempotentPost):
    """The account's phones; POST sends a code to another phone."""

    scopes = {"GET": None, "POST": "caller_ids:write"}
    limit = {"GET": "api-read", "POST": "verification-send"}

    @extend_schema(responses=CallerIdsAnswerSerializer)
    def get(self, request: Request) -> Response:
        account = account_of(request)
        pending = pending_verification(account)
        return Response(
            {
                "items": ListedCallerIdSerializer(active_caller_ids(account), many=True).data,
                "pending": VerificationAnswerSerializer(pending).data if pending else None,
            }
        )

    @extend_schema(
        request=VerificationRequestSerializer,
        responses={201: VerificationAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        fields = read(VerificationRequestSerializer, request)
        verification = request_verification(
            user=user_of(request), token=token_of(request), **fields
        )
        return Response(VerificationAnswerSerializer(verification).data, status=201)


class CallerIdConfirmView(IdempotentPost):
    """Check a code."""

    scopes = {"POST": "caller_ids:write"}
    limit = "verification-check"

    @extend_schema(
        request=ConfirmationRequestSerializer,
        responses=CallerIdAnswerSerializer,
    )
    def post(self, request: Request) -> Response:
        fields = read(ConfirmationRequestSerializer, request)
        caller_id = confirm_verification(user=user_of(request), token=token_of(request), **fields)
        return Response(CallerIdAnswerSerializer(caller_id).data)


class DefaultCountryView(APIView):
    """The country in which the account's numbers are read if a number names none."""

    scopes = {"POST": "caller_ids:write"}
    limit = "api-write"

    @extend_schema(request=CountryRequestSerializer, responses=CountryAnswerSerializer)
    def post(self, request: Request) -> Response:
        account = set_default_country(
            user=user_of(request), token=token_of(request), request=request,
            country=read(CountryRequestSerializer, request)["country"],
        )  # fmt: skip
        iso = account.default_country
        return Response({"default_country": iso, "country_name": country_name(iso)})


class CallerIdView(APIView):
    """Remove a phone."""

    scopes = {"DELETE": "caller_ids:write"}
    limit = "api-write"

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: str) -> Response:
        caller_id = _caller_id(request, public_id)
        remove_caller_id(caller_id, user=user_of(request), token=token_of(request))
        return Response(status=204)


class CallerIdDefaultView(APIView):
    """Make a phone the one that calls ring."""

    scopes = {"POST": "caller_ids:write"}
    limit = "api-write"

    @extend_schema(request=None, responses=CallerIdAnswerSerializer)
    def post(self, request: Request, public_id: str) -> Response:
        caller_id = set_default(_caller_id(request, public_id), token=token_of(request))
        return Response(CallerIdAnswerSerializer(caller_id).data)


class CallerIdRegisterView(IdempotentPost):
    """A registration of a phone at the carrier.

    POST has the carrier call the phone, DELETE removes its number there.
    """

    scopes = dict.fromkeys(("GET", "POST", "DELETE"), "caller_ids:write")
    limit = {"GET": "api-read", "POST": "verification-send", "DELETE": "api-write"}
    sealed_fields = ("code",)

    @extend_schema(responses=RegistrationAnswerSerializer)
    def get(self, request: Request, public_id: str) -> Response:
        caller_id = _caller_id(request, public_id)
        return Response(registration_answer_of(caller_id, registration_of(caller_id)))

    @extend_schema(request=None, responses=RegistrationAnswerSerializer)
    def post(self, request: Request, public_id: str) -> Response:
        caller_id = _caller_id(request, public_id)
        started = start_registration(caller_id, user=user_of(request), token=token_of(request))
        return Response(registration_answer_of(caller_id, started))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: str) -> Response:
        caller_id = _caller_id(request, public_id)
        unregister(caller_id, user=user_of(request), token=token_of(request))
        return Response(status=204)


class AccountSettingView(APIView):
    """A setting of the account, alone in the request and in the answer under its own name."""

    scopes = {"POST": "caller_ids:write"}
    limit = "api-write"
    serializer_class: type[StrictSerializer]

    def store(self, value: Any, **by: Any) -> Account:  # noqa: ANN401 - what the setting may be
        raise NotImplementedError

    def post(self, request: Request) -> Response:
        ((name, value),) = read(self.serializer_class, request).items()
        account = self.store(value, user=user_of(request), token=token_of(request), request=request)
        return Response({name: getattr(account, name)})


class OnlyMyNumberView(AccountSettingView):
    """Whether calls fail rather than show another number than the account's own phone."""

    serializer_class = OnlyMyNumberSerializer

    def store(self, value: bool, **by: Any) -> Account:
        return set_only_my_number(only=value, **by)


class AsksForKeyView(AccountSettingView):
    """Whether a call asks for a key on the account's own phone before the other one rings."""

    serializer_class = AsksForKeySerializer

    def store(self, value: bool, **by: Any) -> Account:
        return set_asks_for_key(asks=value, **by)


class CallModeView(AccountSettingView):
    """The mode of calls from a terminal that say none, while no agent runs there."""

    serializer_class = CallModeSerializer

    def store(self, value: str, **by: Any) -> Account:
        return set_call_mode(mode=Call.Mode(value), **by)


def _caller_id(request: Request, public_id: str) -> CallerId:
    mine = CallerId.objects.filter(account=account_of(request), removed_at=None)
    caller_id = mine.filter(public_id=public_id).first()
    if caller_id is None:
        raise not_found(f"phone {public_id[:40]}", listed_by="caller-id list")
    return caller_id


class CallsView(IdempotentPost):
    """The account's calls; POST places a call."""

    scopes = {"GET": "calls:read", "POST": "calls:write"}
    limit = {"GET": "api-read", "POST": "calls"}

    @extend_schema(
        operation_id="calls_list",
        parameters=[
            *(OpenApiParameter(name, str) for name in CallFilters.base_fields),
            OpenApiParameter("cursor", str, description="The next_cursor of an earlier answer."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100}),
        ],
        responses=CallsPageSerializer,
    )
    def get(self, request: Request) -> Response:
        filters = CallFilters(request.query_params)
        if not filters.is_valid():
            fields = {name: list(map(str, why)) for name, why in filters.errors.items()}
            raise ProductError(
                "invalid_request",
                "A filter cannot be used.",
                details={"fields": fields},
                terminal_message="One of the values cannot be used.",
            )
        pages = CursorPages()
        calls = pages.paginate_queryset(filters.apply(_calls(request)), request, view=self)
        return pages.get_paginated_response(list(CallAnswerSerializer(calls, many=True).data))

    @extend_schema(request=CallRequestSerializer, responses={201: CallAnswerSerializer})
    def post(self, request: Request) -> Response:
        fields = read(CallRequestSerializer, request)
        call = place_call(
            CallRequest(
                user=user_of(request),
                token=token_of(request),
                order=_call_order(fields),
                expected_micros_per_minute=fields.get("expected_price_per_minute"),
                expected_terms=fields.get("expected_terms"),
                expected_shown_number=fields.get("expected_shown_number"),
                idempotency_key=self.idempotency_key,
                request_id=getattr(request, "request_id", ""),
            )
        )
        return Response(CallAnswerSerializer(call).data, status=201)


class CallView(APIView):
    """One call. With `?after=<version>` the answer is 304 while nothing is newer."""

    scopes = {"GET": "calls:read"}
    limit = "api-read"

    @extend_schema(
        parameters=[OpenApiParameter("after", int)],
        responses={200: CallAnswerSerializer, 304: None},
    )
    def get(self, request: Request, public_id: str) -> Response:
        mine = _calls(request).filter(public_id=public_id)
        after = request.query_params.get("after")
        if after is not None:
            if not after.isascii() or not after.isdigit() or len(after) > 9:
                raise ProductError("invalid_request", "after is the version of a call.")
            if int(after) == mine.values_list("version", flat=True).first():
                return Response(status=304)
        call = mine.first()
        if call is None:
            raise _no_call(public_id)
        return Response(CallAnswerSerializer(call).data)


class VoiceTokenView(APIView):
    """A token of Twilio's Voice SDK for one call through the computer."""

    scopes = {"POST": "calls:write"}
    limit = "api-write"

    @extend_schema(request=VoiceTokenRequestSerializer, responses=VoiceTokenAnswerSerializer)
    def post(self, request: Request) -> Response:
        public_id = read(VoiceTokenRequestSerializer, request)["call_id"]
        # The guards of the token that placed the call were checked, and no other's.
        placed_by = _calls(request).filter(token__line=token_of(request).line)
        call = placed_by.filter(public_id=public_id).first()
        if call is None:
            raise _no_call(public_id)
        return Response(VoiceTokenAnswerSerializer(make_voice_token(call)).data)


class CallHangupView(APIView):
    """End a call."""

    scopes = {"POST": "calls:write"}
    limit = "api-write"

    @extend_schema(request=None, responses=CallAnswerSerializer)
    def post(self, request: Request, public_id: str) -> Response:
        call = _calls(request).filter(public_id=public_id).first()
        if call is None:
            raise _no_call(public_id)
        return Response(CallAnswerSerializer(hang_up(call)).data)


def _no_call(public_id: str) -> ProductError:
    return not_found(f"call {public_id[:40]}", listed_by="calls list")


def _calls(request: Request) -> QuerySet[Call]:
    return Call.objects.filter(account=account_of(request))
