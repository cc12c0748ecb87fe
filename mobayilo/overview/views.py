"""The pages that need several apps, and those about the company: terms, policies, contact.

Pages that anyone may read are compressed. Their length could show what else is in them to an
attacker who makes the browser send guesses (https://www.breachattack.com), so Django adds a random
number of bytes. Pages of an account have more to guess, and are not compressed.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import signed_in_user
from accounts.terms import accept_terms
from billing.payments.topups import topups_on_their_way
from mobayilo.lib.errors import ProductError
from mobayilo.lib.formatting import rfc3339
from mobayilo.lib.ratelimits import limited
from mobayilo.lib.seller import legal_addresses, missing_legal_pages
from mobayilo.overview import home as home_page
from mobayilo.overview import price_list
from telephony.calls.quote import origin_on_page
from telephony.phones.caller_ids import caller_id_state
from telephony.rates.deck import current_deck

BALANCE_EVERY_SECONDS = 30
# RFC 9116 section 2.5.5 recommends less than a year.
SECURITY_TXT_LASTS = timedelta(days=180)
# Not named: pages of an account, which lead crawlers to the sign-in.
NOT_FOR_CRAWLERS = ("/admin/", "/api/", "/oauth/", "/webhooks/")


def unanswered_calls() -> dict[str, Any]:
    """Return what `components/unanswered.html` shows."""
    return {
        "charges_unanswered": settings.CHARGE_UNANSWERED_CALLS,
        "free_attempts": settings.FREE_ATTEMPTS_PER_DAY,
    }


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


@limited("page-read")
@require_GET
def contact(request: HttpRequest) -> HttpResponse:
    """Show how to reach support, and the company behind the site."""
    return render(request, "overview/contact.html")


@gzip_page
@limited("page-read")
@require_GET
def legal(request: HttpRequest, name: str) -> HttpResponse:
    """Show the terms or a policy, or lead to the operator's own."""
    if url := legal_addresses()[name]:
        return redirect(url)
    if name in missing_legal_pages():
        raise Http404
    context = {
        "refund_days": settings.REFUND_DAYS,
        "refunds_a_month": settings.REFUNDS_PER_MONTH,
        **unanswered_calls(),
    }
    return render(request, f"legal/{name}.html", context)


@limited("page-read", methods=("GET",))
@limited("page-write", methods=("POST",))
@login_required
@require_http_methods(["GET", "POST"])
def terms_accept(request: HttpRequest) -> HttpResponse:
    """Ask a user to accept the terms in force, and record the answer."""
    if request.method == "POST":
        accept_terms(signed_in_user(request), request=request)
        messages.success(request, _("Thank you. You accepted the terms."))
        return redirect("overview:home")
    return render(request, "legal/accept.html")


@limited("page-read")
@require_GET
def security_txt(request: HttpRequest) -> HttpResponse:
    """Name the contact for reports of weaknesses, by RFC 9116."""
    if not settings.SUPPORT_EMAIL:
        raise Http404
    day = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: mailto:{settings.SUPPORT_EMAIL}",
        f"Expires: {rfc3339(day + SECURITY_TXT_LASTS)}",
        "Preferred-Languages: en",
        f"Canonical: {settings.PUBLIC_URL}/.well-known/security.txt",
    )
    return _text(lines)


@limited("page-read")
@require_GET
def change_password(request: HttpRequest) -> HttpResponse:
    """Lead to the page for a new password (https://w3c.github.io/webappsec-change-password-url)."""
    return redirect("account_change_password")


@limited("page-read")
@require_GET
def robots_txt(request: HttpRequest) -> HttpResponse:
    """Keep crawlers from what is no page of a customer."""
    return _text(("User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_CRAWLERS)))


@limited("page-read")
@require_GET
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the icon, for programs that read no page."""
    return redirect(static("favicon.ico"), permanent=True)


@limited("page-read")
@require_GET
def touch_icon(request: HttpRequest) -> HttpResponse:
    """Lead to the icon for home screens."""
    return redirect(static("apple-touch-icon.png"), permanent=True)


def _text(lines: tuple[str, ...]) -> HttpResponse:
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
