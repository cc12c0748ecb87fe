"""Every address of the site. The CLI API has a screen of its own in api_urls.py."""

from django.contrib import admin
from django.urls import include, path

from mobayilo import health, metrics

handler400 = "mobayilo.exceptions.bad_request"
handler403 = "mobayilo.exceptions.permission_denied"
handler404 = "mobayilo.exceptions.page_not_found"
handler429 = "mobayilo.exceptions.too_many_attempts"  # allauth's, whose limits know no time
handler500 = "mobayilo.exceptions.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("probe/<str:signed>", health.probe, name="probe"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/cli/v1/", include("mobayilo.api_urls")),
    path("accounts/", include("accounts.sign_in.urls")),
    path("admin/", admin.site.urls),
    path("client/", include("mobayilo.client.urls")),
    path("", include("mobayilo.overview.urls")),
    path("", include("accounts.urls")),
    path("", include("accounts.oauth.urls")),
    path("", include("billing.urls")),
    path("", include("telephony.urls")),
]
