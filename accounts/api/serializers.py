"""Tokens and sessions as the API writes them, and the bodies of requests for them."""

from typing import Any

from rest_framework import serializers

from accounts.models import AccessToken, Scope, User
from mobayilo.lib.serializers import StrictSerializer


class GuardsSerializer(serializers.Serializer[Any]):
    """The limits of a token; null means no limit."""

    max_cents_per_day = serializers.IntegerField(allow_null=True)
    max_cents_per_call = serializers.IntegerField(allow_null=True)
    destinations = serializers.ListField(child=serializers.CharField(), allow_null=True)
    caller_ids = serializers.ListField(child=serializers.CharField(), allow_null=True)


class TokenSerializer(serializers.ModelSerializer[AccessToken]):
    """TOKEN of the contract."""

    id = serializers.CharField(source="public_id", read_only=True)
    device = serializers.CharField(source="device_name", read_only=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices), read_only=True)
    guards = GuardsSerializer(read_only=True)

    class Meta:
        model = AccessToken
        fields = [
            "id",
            "name",
            "kind",
            "device",
            "last_four",
            "scopes",
            "created_at",
            "expires_at",
            "last_used_at",
            "guards",
        ]


class NewTokenAnswerSerializer(TokenSerializer):
    """A token with its secret, in the one answer that holds it."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class ActorSerializer(serializers.ModelSerializer[User]):
    """The user a token acts for."""

    class Meta:
        model = User
        fields = ["email"]


class GuardsRequestSerializer(StrictSerializer):
    """Limits as a program asks for them; each may be left out."""

    max_cents_per_day = serializers.IntegerField(required=False, allow_null=True)
    max_cents_per_call = serializers.IntegerField(required=False, allow_null=True)
    destinations = serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True
    )
    caller_ids = serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True
    )


class NewTokenRequestSerializer(StrictSerializer):
    """`expires_in_days` left out means the default of the account; 0 means never."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), allow_empty=False, max_length=len(Scope)
    )
    expires_in_days = serializers.IntegerField(required=False, min_value=0, max_value=36_500)
    guards = GuardsRequestSerializer(required=False)


class RotationRequestSerializer(StrictSerializer):
    """The time for which the old secret still works."""

    grace_seconds = serializers.IntegerField(required=False, min_value=0, max_value=86_400)


class LeakedTokensRequestSerializer(StrictSerializer):
    """Strings that a secret scanner found."""

    tokens = serializers.ListField(
        child=serializers.CharField(max_length=255), allow_empty=False, max_length=100
    )


class SessionSerializer(serializers.ModelSerializer[AccessToken]):
    """A device that is signed in; `current` is the one that asks."""

    id = serializers.CharField(source="public_id", read_only=True)
    device = serializers.SerializerMethodField()
    ip = serializers.CharField(source="created_ip", read_only=True)
    current = serializers.SerializerMethodField()

    class Meta:
        model = AccessToken
        fields = [
            "id",
            "device",
            "client",
            "ip",
            "created_at",
            "expires_at",
            "last_used_at",
            "current",
        ]

    def get_device(self, token: AccessToken) -> str:
        return token.device_name or token.name

    def get_current(self, token: AccessToken) -> bool:
        return bool(token.pk == self.context["current"].pk)
