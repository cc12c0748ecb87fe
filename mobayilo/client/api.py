"""The versions of moby, for moby itself."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mobayilo import release
from mobayilo.client.wheel import offered


class ClientAnswerSerializer(serializers.Serializer[Any]):
    latest_version = serializers.CharField()
    min_version = serializers.CharField()
    install_command = serializers.CharField()
    support_email = serializers.CharField()
    wheel_url = serializers.CharField(
        allow_null=True, help_text="with `#sha256=…`; null where the site has no wheel"
    )


class ClientView(APIView):
    """The `moby` that this server offers, how to get it, and the oldest that it serves."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    limit = "public-read"

    @extend_schema(responses=ClientAnswerSerializer)
    def get(self, request: Request) -> Response:
        wheel = offered()
        return Response(
            {
                "latest_version": wheel.version if wheel else release.MOBY_LATEST,
                "min_version": release.MOBY_OLDEST_SERVED,
                "install_command": settings.MOBY_INSTALL_COMMAND,
                "support_email": settings.SUPPORT_EMAIL,
                "wheel_url": wheel.hashed_url if wheel else None,
            }
        )
