"""The pages of security: what happened, and where one is signed in."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import signed_in_user
from accounts.audit import record
from accounts.models import AuditEvent
from accounts.oauth.device_views import CODE
from accounts.sign_in.credential_changes import settle_tokens, tokens_in_question
from accounts.views import tokens_revoked
from mobayilo.lib.ratelimits import limited


@never_cache
@limited("page-read")
@require_GET
@login_required
def after_sign_in(request: HttpRequest) -> HttpResponse:
    """Where signing in leads when nothing else was asked for: to a code that waits, or home."""
    if request.session.get(CODE):
        return redirect("accounts:device")
    if signed_in_user(request).tokens_in_question_at:
        return redirect("accounts:tokens-review")
    return redirect("overview:home")


@never_cache
@limited("page-read", methods=("GET",))
@limited("page-write", methods=("POST",))
@require_http_methods(["GET", "POST"])
@login_required
def tokens_review(request: HttpRequest) -> HttpResponse:
    """After a new password or address: shall the tokens made before go on working?"""
    user = signed_in_user(request)
    if user.tokens_in_question_at is None:
        return redirect("accounts:security")
    if request.method == "POST":
        revoke = request.POST.get("answer") != "keep"
        ended = settle_tokens(user, revoke=revoke, request=request)
        said = tokens_revoked(ended) if revoke else _("Tokens kept.")
        messages.success(request, said)
        return redirect("accounts:tokens")
    old = tokens_in_question(user).order_by("-id")
    return render(request, "accounts/tokens_review.html", {"tokens": old})


@never_cache
@limited("page-write")
@require_POST
@login_required
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """Signs one browser of the user out."""
    mine = UserSession.objects.filter(user=signed_in_user(request))
    session = get_object_or_404(mine, pk=session_id)
    session.end()
    record("session.ended", account=session.user.account, user=session.user, request=request)
    return redirect("usersessions_list")


@never_cache
@limited("page-read")
@require_GET
@login_required
def security(request: HttpRequest) -> HttpResponse:
    """The account's audit log, newest first, with the browsers that are signed in.

    What staff did is told as Support's doing, not by whom or from where; that they looked, is not.
    """
    user = signed_in_user(request)
    events = AuditEvent.objects.filter(account=user.account).exclude(action="support.looked")
    page = Paginator(events.select_related("user").order_by("-id"), 50).get_page(
        request.GET.get("page")
    )
    sessions = UserSession.objects.filter(user=user).order_by("-last_seen_at")
    context = {
        "page": page,
        "sessions": sessions,
        "current_session_key": request.session.session_key,
    }
    return render(request, "accounts/security.html", context)
