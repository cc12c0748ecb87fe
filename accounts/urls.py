"""The pages of accounts."""

from django.urls import path, register_converter

from accounts import views
from accounts.oauth import device_views

app_name = "accounts"


class Outcome:
    """The outcome of a device login, in the address of its last page."""

    regex = "approved|denied|over"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Outcome, "outcome")

urlpatterns = [
    path("after-sign-in", views.after_sign_in, name="after-sign-in"),
    path("device", device_views.device, name="device"),
    path("device/approve", device_views.device_approve, name="device-approve"),
    path("device/confirm", device_views.device_confirm, name="device-confirm"),
    path("device/deny", device_views.device_deny, name="device-deny"),
    path("device/switch", device_views.device_switch, name="device-switch"),
    path("device/<outcome:outcome>", device_views.device_done, name="device-done"),
    path("settings/devices", views.devices, name="devices"),
    path("settings/security", views.security, name="security"),
    path(
        "settings/security/sessions/<int:session_id>/end",
        views.session_end,
        name="session-end",
    ),
    path("settings/tokens", views.tokens, name="tokens"),
    path("settings/tokens/new", views.token_new, name="token-new"),
    path("settings/tokens/review", views.tokens_review, name="tokens-review"),
    path("settings/tokens/revoke-all", views.tokens_revoke_all, name="tokens-revoke-all"),
    path("settings/tokens/<str:public_id>/revoke", views.token_revoke, name="token-revoke"),
    path("settings/tokens/<str:public_id>/rotate", views.token_rotate, name="token-rotate"),
]
