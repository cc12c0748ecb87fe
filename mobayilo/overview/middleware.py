"""Middleware: times in the customer's zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from mobayilo.lib.formatting import KNOWN_TIME_ZONES


class TimeZoneMiddleware:
    """Activate the zone of the browser, which static/js/frame.js writes into a cookie, else UTC.

    The admin stays in UTC, so that staff in several zones, logs and providers agree on an instant.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = request.COOKIES.get("timezone", "")
        if name not in KNOWN_TIME_ZONES or request.path.startswith("/admin/"):
            return self.get_response(request)
        with timezone.override(ZoneInfo(name)):
            return self.get_response(request)
