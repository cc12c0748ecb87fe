"""The admin's site: staff use the same sign-in as customers, with a second factor."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User

SIGN_IN_APPS = ("account", "mfa", "usersessions")


class StaffSite(AdminSite):
    """Django's admin without a sign-in of its own."""

    site_header = "Mobayilo support"
    site_title = "Mobayilo support"
    index_title = "Support"
    # Its lists need the width; the box on each page, and the first page, lead everywhere.
    enable_nav_sidebar = False

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the apps with allauth's models beside our users, under one heading."""
        apps = super().get_app_list(request, app_label)
        ours = next((app for app in apps if app["app_label"] == "accounts"), None)
        if ours is None:
            return apps
        theirs = [app for app in apps if app["app_label"] in SIGN_IN_APPS]
        models = [model for app in (ours, *theirs) for model in app["models"]]
        ours["models"] = sorted(models, key=lambda model: str(model["name"]))
        return [app for app in apps if app not in theirs]

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not _lacks_second_factor(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next", request.path))
        user = request.user
        if user.is_active and user.is_staff and _lacks_second_factor(request):
            if not is_mfa_enabled(user):
                messages.warning(request, "Staff need a second factor. Set one up here first.")
                return redirect("mfa_index")
            has_app = is_mfa_enabled(user, [Authenticator.Type.TOTP])
            page = reverse("mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn")
            return redirect(f"{page}?{urlencode({'next': request.GET.get('next', '/admin/')})}")
        return redirect("overview:home")

    def password_change(  # type: ignore[override]  # the stubs know of no redirect
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Lead to the one page that ends other sessions, asks about tokens and sends a mail."""
        return redirect("account_change_password")


def _lacks_second_factor(request: HttpRequest) -> bool:
    """Report whether this session, not only its user, has yet to prove a second factor."""
    if not settings.STAFF_MFA_REQUIRED or not isinstance(request.user, User):
        return False
    records = get_authentication_records(request, request.user)
    return not any(record["method"] == "mfa" for record in records)
