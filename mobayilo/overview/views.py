"""The pages that join the rooms."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ratelimits import limited
from mobayilo.overview import price_list


@limited("page-read")
def landing(request: HttpRequest) -> HttpResponse:
    """What a visitor sees first; who is signed in goes home."""
    if request.user.is_authenticated:
        return redirect("overview:home")
    return render(request, "overview/landing.html")


@limited("page-read")
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What one has, what to do next, what happened."""
    return render(request, "overview/home.html")


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
    return cast(User, request.user).account.default_country or None
