"""The product's addresses, and the references below /bench/."""

from dataclasses import replace

from django.urls import include, path

from mobayilo.lib.ratelimits import LIMITS
from tests.bench.reference import views

# Counted as always, and never reached.
LIMITS["api-read"] = replace(LIMITS["api-read"], rate="100000000/m")

urlpatterns = [
    path("bench/bare", views.bare),
    path("bench/knox", views.KnoxBalance.as_view()),
    path("", include("mobayilo.urls")),
]
