"""Times in the customer's zone, and failures for support."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from mobayilo.lib.formatting import KNOWN_TIME_ZONES
from mobayilo.overview.failures import keep_failure


class TimeZoneMiddleware:
    """Activates the zone that static/js/frame.js reads from the browser into a cookie, else UTC.

    The admin stays in UTC: there staff of several zones, logs and providers speak of one instant.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = request.COOKIES.get("timezone", "")
        if name not in KNOWN_TIME_ZONES or request.path.startswith("/admin/"):
            return self.get_response(request)
        with timezone.override(ZoneInfo(name)):
            return self.get_response(request)


class FailuresMiddleware:
    """Keeps what was refused or failed, under the request id that the customer was told."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        keep_failure(request, response.status_code)
        return response
