"""The pages about money."""

from collections.abc import Iterable
from datetime import date, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import require_fresh_sign_in, signed_in_user
from billing.forms import RefundForm, StatementFilters, TopUpForm
from billing.ledger import statements
from billing.models import Refund, TopUp, Transfer
from billing.payments.refunds import refundable_micros, refunds_left, start_refund
from billing.payments.topups import (
    PRESETS_CENTS,
    cancel_topup,
    first_payment_of,
    largest_cents,
    refresh_topup,
    start_topup,
    topups_on_their_way,
)
from billing.serializers import TransferSerializer
from mobayilo.lib.csv_lines import csv_lines
from mobayilo.lib.errors import ProductError, keep_refusal, show_refusal
from mobayilo.lib.money import MICROS_PER_CENT
from mobayilo.lib.ratelimits import limited

TRANSFERS_PER_PAGE = 50
ASK_STRIPE_EVERY = timedelta(seconds=2)
POLL_AFTER_SECONDS = 3  # while a payment is awaited


@limited("page-read", methods=("GET",))
@limited("page-write", methods=("POST",))
@login_required
@require_http_methods(["GET", "POST"])
def topup(request: HttpRequest) -> HttpResponse:
    """Ask for an amount, and redirect to Stripe's page."""
    user = signed_in_user(request)
    first_paid_at = first_payment_of(user.account)
    form = TopUpForm(request.POST or None, first_paid_at=first_paid_at)
    if request.method == "POST" and form.is_valid():
        try:
            started = start_topup(
                account=user.account,
                user=user,
                amount_cents=form.cleaned_data["amount_cents"],
                idempotency_key=form.idempotency_key(),
                request=request,
            )
        except ProductError as error:
            keep_refusal(request, error)
            form.add_error(None, error.on_page)
        else:
            # A form that is sent again after paying finds its top-up paid, without a page to pay.
            if started.checkout_url:
                return leave_for(request, started.checkout_url)
            return redirect("billing:topup-return", topup_id=started.public_id)
    context = {
        "form": form,
        "on_their_way": topups_on_their_way(user.account),
        "by_card": settings.STRIPE_PAYMENT_METHODS == ["card"],
        "presets_cents": [
            cents for cents in PRESETS_CENTS if cents <= largest_cents(first_paid_at)
        ],
    }
    return render(request, "billing/topup.html", context, status=400 if form.errors else 200)


def leave_for(request: HttpRequest, checkout_url: str) -> HttpResponse:
    """Redirect to Stripe's page, or lead there by a page of ours where `form-action` forbids it.

    Browsers apply the policy of a form to the redirects that follow, and Checkout may run on a
    domain of the operator's (https://docs.stripe.com/payments/checkout/custom-domains).
    """
    address = urlsplit(checkout_url)
    if f"{address.scheme}://{address.netloc}" == settings.STRIPE_CHECKOUT_URL:
        return redirect(checkout_url)
    return render(request, "billing/topup_leave.html", {"checkout_url": checkout_url})


@limited("page-read")
@login_required
@require_GET
def topup_return(request: HttpRequest, topup_id: str) -> HttpResponse:
    """Show a top-up after Stripe's page, and ask Stripe about it, so that its money is there."""
    returned = refresh_topup(_topup_of(request, topup_id), at_most_every=ASK_STRIPE_EVERY)
    refundable = refundable_micros(returned)
    is_open = returned.status == TopUp.Status.PENDING and not returned.is_on_its_way
    is_awaited = is_open and "left" not in request.GET
    context = {
        "topup": returned,
        "left": "left" in request.GET,
        "refundable_micros": refundable,
        "refunds_left": refunds_left(returned.account) if refundable else 0,
        "refund_form": RefundForm(),
        "refunds": returned.refunds.order_by("id"),
        "disputes": returned.disputes.order_by("id"),
        "poll_after_seconds": POLL_AFTER_SECONDS if is_awaited else None,
    }
    response = render(request, "billing/topup_return.html", context)
    if is_awaited:
        response["X-Poll-After-Seconds"] = str(POLL_AFTER_SECONDS)
    return response


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
def topup_cancel(request: HttpRequest, topup_id: str) -> HttpResponse:
    """Close Stripe's page, so that a link left open somewhere takes no money."""
    canceled = _topup_of(request, topup_id)
    if request.method == "POST":
        cancel_topup(canceled)
        if canceled.status == TopUp.Status.EXPIRED:
            messages.success(request, _("Canceled. Nothing was charged."))
    return redirect("billing:topup-return", topup_id=topup_id)


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
def topup_refund(request: HttpRequest, topup_id: str) -> HttpResponse:
    """Send unused money of a top-up back to where it was paid from."""
    refunded = _topup_of(request, topup_id)
    back = redirect("billing:topup-return", topup_id=topup_id)
    if request.method != "POST":
        return back
    require_fresh_sign_in(request)
    form = RefundForm(request.POST)
    if not form.is_valid():
        for problems in form.errors.values():
            messages.error(request, " ".join(map(str, problems)))
        return back
    try:
        refund = start_refund(
            topup=refunded,
            amount_micros=form.cleaned_data["amount"] * MICROS_PER_CENT,
            user=signed_in_user(request),
            reason="Asked for by the customer",
            key=form.cleaned_data["key"] or None,
            request=request,
        )
    except ProductError as error:
        show_refusal(request, error)
        return back
    is_done = refund.status == Refund.Status.SUCCEEDED
    outcome = _("Refunded.") if is_done else _("The refund is under way.")
    arrival = (
        _("It reaches your card within ten days.")
        if refunded.is_by_card
        else _("It arrives within ten days.")
    )
    messages.success(request, f"{outcome} {arrival}")
    return back


@limited("page-read")
@login_required
@require_GET
def topup_receipt(request: HttpRequest, topup_id: str) -> HttpResponse:
    """Show the receipt of a payment, made for printing."""
    paid = _topup_of(request, topup_id)
    if paid.status != TopUp.Status.PAID:
        raise Http404
    refunds = paid.refunds.filter(status=Refund.Status.SUCCEEDED).order_by("id")
    refunds = refunds.annotate(lost_micros=-F("amount_micros"))
    refunded_micros = -sum(refund.lost_micros for refund in refunds)
    context = {
        "topup": paid,
        "refunds": refunds,
        "taken_back_micros": -paid.disputed_micros,
        "total_micros": paid.amount_micros - refunded_micros - paid.disputed_micros,
    }
    return render(request, "billing/topup_receipt.html", context)


@limited("page-read")
@login_required
@require_GET
def statement(request: HttpRequest) -> HttpResponse:
    """Show every transfer with the balance after it."""
    account = signed_in_user(request).account
    filters = StatementFilters(request.GET or None)
    transfers = statements.transfers_of(account, **filters.bounds())
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": Paginator(transfers, TRANSFERS_PER_PAGE).get_page(request.GET.get("page")),
        "on_their_way": topups_on_their_way(account),
        "filters": filters,
        "query": query.urlencode(),
        "months": statements.months_of(account, today=timezone.localdate()),
    }
    return render(request, "billing/statement.html", context)


@limited("page-read")
@login_required
@require_GET
def statement_csv(request: HttpRequest) -> HttpResponseBase:
    """Stream the filtered transfers for a spreadsheet."""
    rows = statements.csv_rows(_filtered(request), timezone.get_current_timezone())
    return _file(csv_lines(rows), "text/csv; charset=utf-8", "csv")


@limited("page-read")
@login_required
@require_GET
def statement_json(request: HttpRequest) -> HttpResponseBase:
    """Stream the filtered transfers for a program, in the shape of the API."""
    transfers = _filtered(request).iterator(chunk_size=1_000)
    items = (TransferSerializer(transfer).data for transfer in transfers)
    return _file(statements.json_lines(items), "application/json", "json")


def _filtered(request: HttpRequest) -> QuerySet[Transfer]:
    filters = StatementFilters(request.GET or None)
    return statements.transfers_of(signed_in_user(request).account, **filters.bounds())


def _file(lines: Iterable[str], content_type: str, ending: str) -> HttpResponseBase:
    response = StreamingHttpResponse(lines, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="mobayilo-statement.{ending}"'
    return response


@limited("page-read")
@login_required
@require_GET
def statement_month(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Show the statement of one month, made for printing."""
    if not (1 <= month <= 12 and 2000 <= year <= 9998):
        raise Http404
    user = signed_in_user(request)
    one_month = statements.month_of(user.account, date(year, month, 1))
    page = Paginator(one_month.transfers, TRANSFERS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "billing/statement_month.html", {"month": one_month, "page": page})


def _topup_of(request: HttpRequest, topup_id: str) -> TopUp:
    topups = TopUp.objects.filter(account=signed_in_user(request).account)
    return get_object_or_404(topups.select_related("account"), public_id=topup_id)
