"""Pages about the company: contact, terms, policies, and the addresses that programs look for."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import signed_in_user
from accounts.terms import accept_terms
from mobayilo.lib.formatting import rfc3339
from mobayilo.lib.ratelimits import limited
from mobayilo.lib.seller import legal_addresses, missing_legal_pages

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
