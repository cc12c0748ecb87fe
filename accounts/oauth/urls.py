"""OAuth and its metadata, at the root of the site."""

from django.urls import path

from accounts.oauth import endpoints as oauth

urlpatterns = [
    path(".well-known/oauth-authorization-server", oauth.metadata, name="oauth-metadata"),
    path("login/device/code", oauth.device_code_alias, name="device-code-alias"),
    path("login/oauth/access_token", oauth.access_token_alias, name="access-token-alias"),
    path("oauth/device_authorization", oauth.device_authorization, name="device-authorization"),
    path(
        "oauth/device_authorization/cancel",
        oauth.cancel_device_authorization,
        name="device-authorization-cancel",
    ),
    path("oauth/revoke", oauth.revoke, name="oauth-revoke"),
    path("oauth/token", oauth.token, name="oauth-token"),
]
