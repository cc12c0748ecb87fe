"""The pages on which a user approves a device: enter the code, compare, decide."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import form_target, fresh_sign_in_required, signed_in_user
from accounts.forms import ApprovalForm, UserCodeForm
from accounts.models import DeviceLogin, User
from accounts.oauth import device_login
from accounts.oauth.device_login import (
    CLIENTS,
    Approval,
    count_wrong_code,
    normalize_code,
    refuse_guessers,
    shown_code,
)
from accounts.tokens.lifecycle import policy_of, refuse_without_room
from mobayilo.lib.client_ip import client_ip, country_of, same_network
from mobayilo.lib.ratelimits import limited

# A code that was typed or came with a link; it waits here through sign-in, sign-up and MFA.
CODE = "user_code"
CLAIMED = "device_login"
LOOK_EVERY_SECONDS = 10  # an open approval page asks whether the login can still be decided
WRONG_CODE = _(
    "This code is not valid. Look at the device, and start again there if it has expired."
)


@never_cache
@limited("page-read", methods=("GET",))
@limited("page-write", methods=("POST",))
@require_http_methods(["GET", "POST"])
def device(request: HttpRequest) -> HttpResponse:
    """Ask for the code. Opening a link fills the code in, and decides nothing."""
    offered = request.POST.get("user_code") or request.GET.get("user_code")
    if offered:
        request.session[CODE] = shown_code(normalize_code(offered)[:40])
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("accounts:device"))
    if request.method == "GET":
        if offered:
            return redirect("accounts:device")  # keeps the code out of the history
        form = UserCodeForm(initial={"user_code": request.session.get(CODE, "")})
        return _code_page(request, form)
    form = UserCodeForm(request.POST)
    if form.is_valid() and _claim(request, form.cleaned_data["user_code"]):
        return redirect("accounts:device-confirm")
    return _code_page(request, form, status=400)


def _claim(request: HttpRequest, typed_code: str) -> bool:
    user = signed_in_user(request)
    with transaction.atomic():
        # Of codes typed at once, each is looked up after the one before it was counted.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        refuse_guessers(request)
        row = device_login.claim(typed_code, user=user)
        if row is None:
            count_wrong_code(request, user)
    if row is None:
        request.session.pop(CODE, None)
        return False
    request.session[CLAIMED] = row.pk
    return True


def _code_page(request: HttpRequest, form: UserCodeForm, *, status: int = 200) -> HttpResponse:
    if status != 200 and not form.errors:
        form.add_error("user_code", WRONG_CODE)
    return render(request, "accounts/device_code.html", {"form": form}, status=status)


@never_cache
@limited("page-read")
@require_GET
@fresh_sign_in_required
def device_confirm(request: HttpRequest) -> HttpResponse:
    """Show the device, its place and its request, with approve and deny as equal buttons."""
    row = _claimed(request)
    if row is None:
        return _gone(request)
    user = signed_in_user(request)
    refuse_without_room(user)
    return _confirm_page(request, row, ApprovalForm(row=row, policy=policy_of(user.account)))


@never_cache
@limited("tokens-write")
@require_http_methods(["GET", "POST"])
@fresh_sign_in_required
@form_target("accounts:device-confirm")
def device_approve(request: HttpRequest) -> HttpResponse:
    """Grant the device its token, which its next poll fetches."""
    row = _claimed(request)
    if row is None:
        return _gone(request)
    user = signed_in_user(request)
    refuse_without_room(user)
    form = ApprovalForm(request.POST, row=row, policy=policy_of(user.account))
    if not form.is_valid():
        return _confirm_page(request, row, form, status=400)
    approval = Approval(
        scopes=tuple(form.cleaned_data["scopes"]),
        token_name=form.cleaned_data["name"],
        expires_in_days=form.days,
        guards=form.guards,
    )
    approved = device_login.approve(row, approval, user=user, request=request)
    return _decided(request, "approved" if approved else "over")


@never_cache
@limited("page-write")
@require_http_methods(["GET", "POST"])
@login_required
@form_target("accounts:device-confirm")
def device_deny(request: HttpRequest) -> HttpResponse:
    """Refuse the device. Refusing needs no fresh sign-in."""
    row = _claimed(request)
    if row is None:
        return _gone(request)
    denied = device_login.deny(row, user=signed_in_user(request), request=request)
    return _decided(request, "denied" if denied else "over")


@never_cache
@limited("page-write")
@require_http_methods(["GET", "POST"])
@login_required
@form_target("accounts:device-confirm")
def device_switch(request: HttpRequest) -> HttpResponse:
    """Release the code, sign out, and take the code to the sign-in page (“Not you?”)."""
    row, code = _claimed(request), request.session.get(CODE)
    if row is not None:
        device_login.release(row, user=signed_in_user(request))
    logout(request)
    if code:
        request.session[CODE] = code
    return redirect_to_login(reverse("accounts:device"))


@never_cache
@limited("page-read")
@require_GET
@login_required
def device_done(request: HttpRequest, outcome: str) -> HttpResponse:
    """Show the outcome; the rest happens on the device."""
    return render(request, "accounts/device_done.html", {"outcome": outcome})


def _decided(request: HttpRequest, outcome: str) -> HttpResponse:
    request.session.pop(CODE, None)
    request.session.pop(CLAIMED, None)
    return redirect("accounts:device-done", outcome=outcome)


def _gone(request: HttpRequest) -> HttpResponse:
    """Redirect to the last page of a login that is decided or expired, else to the code's page."""
    if CLAIMED not in request.session:
        return redirect("accounts:device")
    request.session.pop(CODE, None)
    return redirect("accounts:device-done", outcome="over")


def _claimed(request: HttpRequest) -> DeviceLogin | None:
    """Return the login whose code this session entered, while it can still be decided."""
    logins = DeviceLogin.objects.filter(
        pk=request.session.get(CLAIMED, 0),
        user=signed_in_user(request),
        state=DeviceLogin.State.PENDING,
        expires_at__gt=timezone.now(),
    )
    return logins.first()


def _confirm_page(
    request: HttpRequest, row: DeviceLogin, form: ApprovalForm, *, status: int = 200
) -> HttpResponse:
    here, country = client_ip(request), country_of(request)
    context: dict[str, Any] = {
        "login": row,
        "form": form,
        "user_code": request.session.get(CODE, ""),
        "client_name": CLIENTS.get(row.client_id, row.client_id),
        "life_days": form.policy.cap_days(row.expires_in_days),
        "here": {"ip": here, "country": country},
        "poll_after_seconds": LOOK_EVERY_SECONDS,
        "is_elsewhere": not same_network(row.ip, here),
        "is_abroad": bool(row.country and country and row.country != country),
    }
    response = render(request, "accounts/device_confirm.html", context, status=status)
    response["X-Poll-After-Seconds"] = str(LOOK_EVERY_SECONDS)
    return response
