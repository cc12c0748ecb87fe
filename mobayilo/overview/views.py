"""The pages that need several apps: landing, home, price list.

Pages that anyone may read are compressed. Their length could show what else is in them to an
attacker who makes the browser send guesses (https://www.breachattack.com), so Django adds a random
number of bytes. Pages of an account have more to guess, and are not compressed.
"""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from accounts.access import signed_in_user
from billing.payments.topups import topups_on_their_way
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ratelimits import limited
from mobayilo.overview import home as home_page
from mobayilo.overview import price_list
from mobayilo.overview.company import unanswered_calls
from telephony.calls.quote import origin_on_page
from telephony.phones.caller_ids import caller_id_state
from telephony.rates.deck import current_deck

BALANCE_EVERY_SECONDS = 30


@gzip_page
@limited("page-read")
def landing(request: HttpRequest) -> HttpResponse:
    """Show the landing page; redirect a signed-in user to the home page."""
    if request.user.is_authenticated:
        return redirect("overview:home")
    context = {
        "install_command": settings.MOBY_INSTALL_COMMAND,
        **unanswered_calls(),
        **_prices(request, price_list.EXAMPLES),
    }
    return render(request, "overview/landing.html", context)


def _prices(request: HttpRequest, isos: Collection[str]) -> dict[str, Any]:
    """Return the prices to some countries; none on an installation without prices."""
    try:
        deck = current_deck()
        origin = origin_on_page(request, deck)
    except ProductError:
        return {}
    return {"origin": origin, "price_rows": price_list.examples(deck, origin, isos)}


@limited("page-read")
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the balance, the next steps, and the last 30 days."""
    user = signed_in_user(request)
    status, e164 = caller_id_state(user.account)
    countries = home_page.minutes_by_country(user.account)
    context = {
        "caller_id_status": status,
        "caller_id_e164": e164,
        "on_their_way": topups_on_their_way(user.account),
        "steps": home_page.next_steps(user, is_verified=status == "verified"),
        "expiring_tokens": home_page.expiring_tokens(user),
        "spending": home_page.spending_chart(user.account),
        "countries": countries,
        "calls": home_page.last_calls(user.account),
        **_prices(request, [row.iso for row in countries] or price_list.EXAMPLES),
    }
    return render(request, "overview/home.html", context)


@limited("page-read")
@login_required
@require_GET
def balance(request: HttpRequest) -> HttpResponse:
    """Render the balance that stands in the frame of every page, for open pages that poll it."""
    response = render(request, "components/balance.html")
    response["X-Poll-After-Seconds"] = str(BALANCE_EVERY_SECONDS)
    return response


@gzip_page
@limited("page-read")
def rates(request: HttpRequest) -> HttpResponse:
    """Show the price list, or the result of a search for a country or a number in it."""
    text = request.GET.get("q", "").strip()
    context: dict[str, Any] = {"q": text}
    home_country = None
    if request.user.is_authenticated:
        home_country = signed_in_user(request).account.default_country or None
    try:
        deck = current_deck()
        origin = context["origin"] = origin_on_page(request, deck)
        if text:
            context["found"] = price_list.search(
                text, deck=deck, origin=origin, default_country=home_country
            )
        else:
            context["price_rows"] = price_list.countries(deck, origin)
    except ProductError as error:
        context["error"] = error
    return render(request, "overview/rates.html", context)


@gzip_page
@limited("page-read")
@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """Show how a call works, and answers to frequent questions."""
    context = {
        **unanswered_calls(),
        "free_seconds": settings.FALSE_ANSWER_SECONDS,
    }
    return render(request, "overview/help.html", context)


@limited("page-read")
@require_GET
def faq(request: HttpRequest) -> HttpResponse:
    """Lead to the questions of the help page."""
    return redirect(f"{reverse('overview:help')}#faq")
