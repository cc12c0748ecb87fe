"""The pages of tokens and of security: tokens, devices, browsers, the audit log."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import (
    form_target,
    fresh_sign_in_required,
    require_fresh_sign_in,
    signed_in_user,
)
from accounts.audit import NOT_FOR_OWNERS, record
from accounts.forms import TokenTerms, read_days
from accounts.models import AccessToken, AuditEvent, Scope
from accounts.oauth.device_login import end_logins
from accounts.oauth.device_views import CODE
from accounts.sign_in.events import settle_tokens, tokens_in_question
from accounts.tokens.lifecycle import (
    NewToken,
    create_token,
    policy_of,
    revoke_token,
    revoke_tokens,
    rotate_token,
)
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ratelimits import limited

SCOPE_LABELS = dict(Scope.choices)
TOKENS_A_PAGE = 20
ENDED_SHOWN = 10


@never_cache
@limited("page-read")
@require_GET
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """Show hand-made tokens and devices side by side, then those that ended lately."""
    mine = AccessToken.objects.for_user(signed_in_user(request)).order_by("-id")
    page = Paginator(mine.live(), TOKENS_A_PAGE).get_page(request.GET.get("page"))
    ended = mine.exclude(pk__in=mine.live().values("pk"))[:ENDED_SHOWN]
    context = {
        "page": page,
        "live": [_row(token) for token in page],
        "ended": [] if page.has_next() else [_row(token) for token in ended],
    }
    return render(request, "accounts/tokens.html", context)


@never_cache
@limited("page-read")
@require_GET
@login_required
def devices(request: HttpRequest) -> HttpResponse:
    """Show the devices that are signed in."""
    mine = AccessToken.objects.for_user(signed_in_user(request)).order_by("-id")
    live = mine.live().filter(kind=AccessToken.Kind.DEVICE)
    page = Paginator(live, TOKENS_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "live": [_row(token) for token in page]}
    return render(request, "accounts/devices.html", context)


@never_cache
@limited("tokens-write", methods=("POST",))
@limited("page-read", methods=("GET",))
@require_http_methods(["GET", "POST"])
@fresh_sign_in_required
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token. `?name=&scopes=&expires=` fill the form in; the user still has to send it."""
    user = signed_in_user(request)
    policy = policy_of(user.account)
    if request.method == "GET":
        initial = {
            "name": request.GET.get("name", "")[:100],
            "scopes": request.GET.get("scopes", "").replace(",", " ").split(),
            "expires": str(policy.cap_days(read_days(request.GET.get("expires")))),
        }
        form = TokenTerms(policy=policy, initial=initial)
        return render(request, "accounts/token_new.html", {"form": form})
    form = TokenTerms(request.POST, policy=policy)
    if form.is_valid():
        try:
            spec = form.spec(AccessToken.Kind.PERSONAL)
            return _shown_once(request, create_token(user, spec, request=request))
        except ProductError as refusal:
            if refusal.code != "invalid_request":
                raise
            field = refusal.field
            form.add_error(field if field in form.fields else None, refusal.message)
    return render(request, "accounts/token_new.html", {"form": form}, status=400)


@never_cache
@limited("tokens-write")
@require_http_methods(["GET", "POST"])
@login_required
def token_rotate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give a token a new secret; the old one works for a day more."""
    token = _mine(request, public_id)
    if request.method == "GET":
        return redirect("accounts:tokens")
    require_fresh_sign_in(request)
    return _shown_once(request, rotate_token(token, request=request))


@never_cache
@limited("page-write")
@require_http_methods(["GET", "POST"])
@login_required
def token_revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """Revoke one token at once, without a fresh sign-in, since a revocation only adds safety."""
    token = _mine(request, public_id)
    is_sent = request.method == "POST"
    if is_sent and revoke_token(token, reason="revoked by you", request=request):
        messages.success(request, _("“%s” no longer works.") % token.name)
    page_before = "devices" if request.POST.get("back") == "devices" else "tokens"
    return redirect(f"accounts:{page_before}")


@never_cache
@limited("page-write")
@require_http_methods(["GET", "POST"])
@login_required
@form_target("accounts:tokens")
def tokens_revoke_all(request: HttpRequest) -> HttpResponse:
    """Revoke every token of the user, which signs out every device, and end the device logins."""
    require_fresh_sign_in(request)
    user = signed_in_user(request)
    end_logins([user])
    live_tokens = AccessToken.objects.live().for_user(user)
    revoked_count = revoke_tokens(live_tokens, actor=user, reason="revoked by you", request=request)
    messages.success(request, _revoked_in_words(revoked_count))
    return redirect("accounts:tokens")


def _revoked_in_words(count: int) -> str:
    """Return in words how many tokens were revoked."""
    return ngettext("%d token revoked.", "%d tokens revoked.", count) % count


def _mine(request: HttpRequest, public_id: str) -> AccessToken:
    """Return a token of the user by its id; raise Http404 for any other."""
    tokens_of_user = AccessToken.objects.for_user(signed_in_user(request))
    return get_object_or_404(tokens_of_user, public_id=public_id)


def _shown_once(request: HttpRequest, new_token: NewToken) -> HttpResponse:
    """Show a secret in this answer only. A redirect would have to store it somewhere."""
    context = {"token": new_token.row, "secret": new_token.secret}
    return render(request, "accounts/token_created.html", context)


def _row(token: AccessToken) -> dict[str, Any]:
    return {
        "token": token,
        "scopes": [SCOPE_LABELS.get(scope, scope) for scope in token.scopes],
        "is_device": token.kind == AccessToken.Kind.DEVICE,
        "guards": token.guards,
    }


@never_cache
@limited("page-read")
@require_GET
@login_required
def after_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead from signing in to a code that waits, a password to set, tokens in question, or home."""
    if request.session.get(CODE):
        return redirect("accounts:device")
    if not signed_in_user(request).has_usable_password():
        return redirect("account_set_password")
    if signed_in_user(request).tokens_in_question_at:
        return redirect("accounts:tokens-review")
    return redirect("overview:home")


@never_cache
@limited("page-read", methods=("GET",))
@limited("page-write", methods=("POST",))
@require_http_methods(["GET", "POST"])
@login_required
def tokens_review(request: HttpRequest) -> HttpResponse:
    """Ask after a new password or address whether the tokens made before it go on working."""
    user = signed_in_user(request)
    if user.tokens_in_question_at is None:
        return redirect("accounts:security")
    if request.method == "POST":
        revoke = request.POST.get("answer") != "keep"
        revoked_count = settle_tokens(user, revoke=revoke, request=request)
        messages.success(request, _revoked_in_words(revoked_count) if revoke else _("Tokens kept."))
        return redirect("accounts:tokens")
    old_tokens = tokens_in_question(user).order_by("-id")
    return render(request, "accounts/tokens_review.html", {"tokens": old_tokens})


@never_cache
@limited("page-write")
@require_http_methods(["GET", "POST"])
@login_required
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign one browser of the user out."""
    mine = UserSession.objects.filter(user=signed_in_user(request))
    session = get_object_or_404(mine, pk=session_id)
    if request.method == "POST":
        session.end()
        record(
            "session.ended",
            account=session.user.account,
            user=session.user,
            request=request,
            agent=session.user_agent,
            from_ip=session.ip,
        )
    return redirect("usersessions_list")


@never_cache
@limited("page-read")
@require_GET
@login_required
def security(request: HttpRequest) -> HttpResponse:
    """Show the account's audit log, newest first, with the browsers that are signed in.

    An action of staff is shown as Support's, without a name or an address. What staff do among
    themselves, such as looking at the account, is not shown.
    """
    user = signed_in_user(request)
    events = AuditEvent.objects.filter(account=user.account).exclude(action__in=NOT_FOR_OWNERS)
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
