"""The whole CLI API on one screen."""

from django.urls import URLPattern, path

from mobayilo.overview.api import ClientView

app_name = "api"

urlpatterns: list[URLPattern] = [
    path("client", ClientView.as_view(), name="client"),
]
