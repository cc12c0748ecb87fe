"""The pages of security: what happened, and where one is signed in."""

from allauth.usersessions.models import UserSession
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access import signed_in_user
from accounts.device_views import CODE
from accounts.models import AuditEvent
from mobayilo.lib.ratelimits import limited


@never_cache
@limited("page-read")
@require_GET
@login_required
def after_sign_in(request: HttpRequest) -> HttpResponse:
    """Where signing in leads when nothing else was asked for: to a code that waits, or home."""
    if request.session.get(CODE):
        return redirect("accounts:device")
    return redirect("overview:home")


@never_cache
@limited("page-read")
@require_GET
@login_required
def security(request: HttpRequest) -> HttpResponse:
    """The account's audit log, newest first, with the browsers that are signed in."""
    user = signed_in_user(request)
    events = AuditEvent.objects.filter(account=user.account).select_related("user").order_by("-id")
    page = Paginator(events, 50).get_page(request.GET.get("page"))
    sessions = UserSession.objects.filter(user=user).order_by("-last_seen_at")
    context = {
        "page": page,
        "sessions": sessions,
        "current_session_key": request.session.session_key,
    }
    return render(request, "accounts/security.html", context)
