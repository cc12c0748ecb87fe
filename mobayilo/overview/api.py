"""Endpoints that join the rooms."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mobayilo import release


class ClientView(APIView):
    """Which `moby` this server offers, and the oldest that it serves."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    limit = "public-read"

    def get(self, request: Request) -> Response:
        return Response(
            {"latest_version": release.MOBY_LATEST, "min_version": release.MOBY_OLDEST_SERVED}
        )
