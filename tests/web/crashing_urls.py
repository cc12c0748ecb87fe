"""The product's addresses, and one that fails as no address of the product should."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from mobayilo import urls


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of ours, about +442079460018")


urlpatterns = [path("crash", crash), *urls.urlpatterns]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
