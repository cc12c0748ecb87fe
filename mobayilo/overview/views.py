"""The pages that join the rooms."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import signed_in_user
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ratelimits import limited
from mobayilo.overview import activity, price_list
from mobayilo.overview.next_steps import next_steps
from telephony.phones.caller_ids import caller_id_state

BALANCE_EVERY_SECONDS = 30


@limited("page-read")
def landing(request: HttpRequest) -> HttpResponse:
    """What a visitor sees first; who is signed in goes home."""
    if request.user.is_authenticated:
        return redirect("overview:home")
    context = {
        "countries": price_list.examples(),
        "install_command": settings.MOBY_INSTALL_COMMAND,
    }
    return render(request, "overview/landing.html", context)


@limited("page-read")
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What one has, what to do next, what happened."""
    user = signed_in_user(request)
    status, e164 = caller_id_state(user.account)
    context = {
        "caller_id_status": status,
        "caller_id_e164": e164,
        "steps": next_steps(user, is_verified=status == "verified"),
        "expiring_tokens": activity.expiring_tokens(user),
        "spending": activity.spending_chart(user.account),
        "countries": activity.minutes_by_country(user.account),
        "calls": activity.last_calls(user.account),
    }
    return render(request, "overview/home.html", context)


@limited("page-read")
@login_required
@require_GET
def balance(request: HttpRequest) -> HttpResponse:
    """The balance of the frame alone, for pages that stay open while it moves."""
    response = render(request, "components/balance.html")
    response["X-Poll-After-Seconds"] = str(BALANCE_EVERY_SECONDS)
    return response


@limited("page-read")
def rates(request: HttpRequest) -> HttpResponse:
    """The price list, or what a search for a country or a number finds in it."""
    text = request.GET.get("q", "").strip()
    context: dict[str, Any] = {"q": text}
    try:
        if text:
            context["found"] = price_list.search(text, default_country=_home_country(request))
        else:
            context["countries"] = price_list.countries()
    except ProductError as error:
        context["error"] = error
    return render(request, "overview/rates.html", context)


def _home_country(request: HttpRequest) -> str | None:
    """The country whose numbers need no code: the account's, if somebody is signed in."""
    if not request.user.is_authenticated:
        return None
    return signed_in_user(request).account.default_country or None
