"""References for our figures: the least that Django can do, and a library at the same work."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from knox.auth import TokenAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.models import Wallet


def bare(request: HttpRequest) -> JsonResponse:
    """Three keys, no database, no token."""
    return JsonResponse({"balance_cents": 2000, "currency": "USD", "balance": "20.00"})


class KnoxBalance(APIView):
    """A balance behind a token of django-rest-knox."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]
    throttle_classes: list[Any] = []

    def get(self, request: Request) -> Response:
        wallet = Wallet.objects.get(account_id=request.user.account_id)  # type: ignore[union-attr]  # signed in by the permission
        return Response(
            {
                "balance_cents": wallet.balance_micros // 10_000,
                "held_cents": wallet.held_micros // 10_000,
                "currency": "USD",
            }
        )
