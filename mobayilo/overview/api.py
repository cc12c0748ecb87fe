"""The endpoints that need several apps: status, and the versions of `moby`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import token_of, user_of
from accounts.api.serializers import ActorSerializer, TokenSerializer
from accounts.models import CallMode
from telephony.phones.caller_ids import caller_id_state


class AccountSerializer(serializers.Serializer[Any]):
    """ACCOUNT of the contract."""

    id = serializers.CharField()
    caller_id_status = serializers.ChoiceField(["none", "pending", "verified"])
    caller_id_e164 = serializers.CharField(allow_null=True)
    default_country = serializers.CharField(allow_null=True)
    only_my_number = serializers.BooleanField()
    asks_for_key = serializers.BooleanField()
    call_mode = serializers.ChoiceField(choices=CallMode.choices)
    frozen = serializers.BooleanField()


class StatusAnswerSerializer(serializers.Serializer[Any]):
    """The user, the account and the token of the request."""

    actor = ActorSerializer()
    account = AccountSerializer()
    token = TokenSerializer()


class StatusView(APIView):
    """The signed-in user: the answer behind `moby auth status`. Any token may ask."""

    scopes = {"GET": None}
    limit = "api-read"

    @extend_schema(responses=StatusAnswerSerializer)
    def get(self, request: Request) -> Response:
        user = user_of(request)
        caller_id_status, e164 = caller_id_state(user.account)
        account = {
            "id": user.account.public_id,
            "caller_id_status": caller_id_status,
            "caller_id_e164": e164,
            "default_country": user.account.default_country or None,
            "only_my_number": user.account.only_my_number,
            "asks_for_key": user.account.asks_for_key,
            "call_mode": user.account.call_mode,
            "frozen": user.account.is_frozen,
        }
        status = {"actor": user, "account": account, "token": token_of(request)}
        return Response(StatusAnswerSerializer(status).data)
