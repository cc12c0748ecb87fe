"""The product's addresses, and some that fail as no address of the product should."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path

from mobayilo import urls


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of ours, about +442079460018")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def malformed(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def outage(request: HttpRequest) -> HttpResponse:
    raise OperationalError("the database is away")


urlpatterns = [
    path("crash", crash),
    path("forbidden", forbidden),
    path("malformed", malformed),
    path("outage", outage),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler429, handler500 = urls.handler404, urls.handler429, urls.handler500
