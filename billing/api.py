"""The API about money."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import account_of, user_of
from accounts.api.idempotency import IdempotentPost
from billing.ledger import joined_balance
from billing.ledger.statements import begin_of, end_of, transfers_of
from billing.models import TopUp, Transfer, Wallet
from billing.notices import is_low
from billing.payments.topups import refresh_topup, start_topup
from billing.serializers import (
    BalanceSerializer,
    NewTopUpSerializer,
    TopUpSerializer,
    TransferSerializer,
)
from mobayilo.lib.errors import ProductError, not_found
from mobayilo.lib.money import CURRENCY, format_micros, micros_to_cents
from mobayilo.lib.pagination import CursorPages


class BalanceView(APIView):
    """The balance of the account."""

    joined = Wallet
    scopes = {"GET": "billing:read"}
    limit = "api-read"
    serializer_class = BalanceSerializer

    def get(self, request: Request) -> Response:
        account = account_of(request)
        balance = joined_balance(account)
        available_cents = micros_to_cents(balance.available_micros)
        # Held is rounded up where the others are rounded down: shown sums never promise too much.
        return Response(
            {
                "balance_cents": micros_to_cents(balance.balance_micros),
                "available_cents": available_cents,
                "available_balance_cents": available_cents,
                "held_cents": -micros_to_cents(-balance.held_micros),
                "currency": CURRENCY,
                "balance": format_micros(balance.balance_micros),
                # Who reads it tops up, which a frozen account may not.
                "is_low": is_low(balance.balance_micros) and not account.is_frozen,
            }
        )


INSTANT = "A date or an instant, itself included."


@extend_schema_view(
    get=extend_schema(
        parameters=[
            OpenApiParameter("since", str, description=INSTANT),
            OpenApiParameter("until", str, description=INSTANT),
            OpenApiParameter("kind", str, enum=Transfer.Kind.values),
        ]
    )
)
class TransactionsView(ListAPIView[Transfer]):
    """Every movement of the account's money, newest first.

    `?since=` and `?until=` take a date (in UTC) or an instant, `?kind=` one of the kinds.
    """

    scopes = {"GET": "billing:read"}
    limit = "api-read"
    serializer_class = TransferSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Transfer]:
        query = self.request.query_params
        return transfers_of(
            account_of(self.request),
            kind=read_kind(query.get("kind", "")),
            since=read_instant("since", query.get("since"), begin_of),
            until=read_instant("until", query.get("until"), end_of),
        )


class TopUpsView(IdempotentPost, ListAPIView[TopUp]):
    """Top-ups, and the start of a new one."""

    scopes = {"GET": "billing:read", "POST": "billing:write"}
    limit = {"GET": "api-read", "POST": "topups"}
    serializer_class = TopUpSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[TopUp]:
        return TopUp.objects.filter(account=account_of(self.request))

    @extend_schema(request=NewTopUpSerializer, responses={201: TopUpSerializer})
    def post(self, request: Request) -> Response:
        serializer = NewTopUpSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        topup = start_topup(
            account=account_of(request),
            user=user_of(request),
            amount_cents=serializer.validated_data["amount_cents"],
            idempotency_key=self.idempotency_key,
            request=request,
        )
        return Response(TopUpSerializer(topup).data, status=201)


class TopUpView(APIView):
    """One top-up. While it waits, Stripe is asked now and then, in case a webhook got lost."""

    scopes = {"GET": "billing:read"}
    limit = "api-read"
    serializer_class = TopUpSerializer

    def get(self, request: Request, topup_id: str) -> Response:
        topups = TopUp.objects.filter(account=account_of(request))
        topup = topups.filter(public_id=topup_id).first()
        if topup is None:
            raise not_found(f"top-up {topup_id[:40]}", listed_by="topups list")
        return Response(TopUpSerializer(refresh_topup(topup)).data)


def read_instant(
    name: str, text: str | None, of_day: Callable[[date], datetime]
) -> datetime | None:
    """Return the instant that a parameter names: a date, as `of_day` reads it, or RFC 3339.

    Raise `invalid_request` for any other text.
    """
    if not text:
        return None
    try:
        day = parse_date(text)
        instant = of_day(day) if day else parse_datetime(text)
        in_utc = instant.astimezone(UTC) if instant and instant.tzinfo else None
    except (ValueError, OverflowError):  # the second for the ends of the calendar
        in_utc = None
    if in_utc is None:
        raise ProductError(
            "invalid_request",
            f"`{name}` is a date or an instant, such as 2026-11-01 or 2026-11-01T00:00:00Z.",
            details={"fields": {name: ["Write a date or an instant."]}},
        )
    return in_utc


def read_kind(text: str) -> str:
    """Return a kind of transfer, or the empty text. Raise `invalid_request` for any other text."""
    if text and text not in Transfer.Kind.values:
        raise ProductError(
            "invalid_request",
            f"`kind` is one of {', '.join(Transfer.Kind.values)}.",
            details={"fields": {"kind": ["Write one of the kinds."]}},
        )
    return text
