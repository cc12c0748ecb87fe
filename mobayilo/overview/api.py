"""Endpoints that join the rooms."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import token_of, user_of
from accounts.api.serializers import ActorSerializer, TokenSerializer
from accounts.models import Account
from mobayilo import release
from telephony.phones.caller_ids import caller_id_state


class ClientAnswer(serializers.Serializer[Any]):
    latest_version = serializers.CharField()
    min_version = serializers.CharField()
    install_command = serializers.CharField()


class ClientView(APIView):
    """Which `moby` this server offers and how to get it, and the oldest that it serves."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    limit = "public-read"

    @extend_schema(responses=ClientAnswer)
    def get(self, request: Request) -> Response:
        return Response(
            {
                "latest_version": release.MOBY_LATEST,
                "min_version": release.MOBY_OLDEST_SERVED,
                "install_command": settings.MOBY_INSTALL_COMMAND,
            }
        )


class AccountSerializer(serializers.Serializer[Any]):
    """ACCOUNT of the contract."""

    id = serializers.CharField()
    caller_id_status = serializers.ChoiceField(["none", "pending", "verified"])
    caller_id_e164 = serializers.CharField(allow_null=True)
    default_country = serializers.CharField(allow_null=True)
    frozen = serializers.BooleanField()


class StatusAnswer(serializers.Serializer[Any]):
    """Who asks, for which account, with which token."""

    actor = ActorSerializer()
    account = AccountSerializer()
    token = TokenSerializer()


class StatusView(APIView):
    """Who is signed in: the answer behind `moby auth status`. Any token may ask."""

    scopes = {"GET": None}
    limit = "api-read"

    @extend_schema(responses=StatusAnswer)
    def get(self, request: Request) -> Response:
        user = user_of(request)
        status = {"actor": user, "account": _account(user.account), "token": token_of(request)}
        return Response(StatusAnswer(status).data)


def _account(account: Account) -> dict[str, Any]:
    status, e164 = caller_id_state(account)
    return {
        "id": account.public_id,
        "caller_id_status": status,
        "caller_id_e164": e164,
        "default_country": account.default_country or None,
        "frozen": account.is_frozen,
    }
