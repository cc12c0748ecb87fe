"""The pages about money."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import signed_in_user
from billing.amounts import largest_cents
from billing.forms import TopUpForm
from billing.models import TopUp
from billing.topups import ask_stripe, cancel_topup, start_topup
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ratelimits import limited


@limited("page-read", methods=("GET",))
@limited("page-write", methods=("POST",))
@login_required
@require_http_methods(["GET", "POST"])
def topup(request: HttpRequest) -> HttpResponse:
    """Choose an amount; then on to Stripe's page."""
    user = signed_in_user(request)
    form = TopUpForm(request.POST or None, account=user.account)
    if request.method == "POST" and form.is_valid():
        try:
            started = start_topup(
                account=user.account,
                user=user,
                amount_cents=form.cleaned_data["amount_cents"],
                idempotency_key=f"page:{form.cleaned_data['key']}",
            )
        except ProductError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            return _to_stripe(started)
    context = {"form": form, "largest_cents": largest_cents(user.account)}
    return render(request, "billing/topup.html", context, status=400 if form.errors else 200)


@limited("page-read")
@login_required
@require_GET
def topup_return(request: HttpRequest, topup_id: str) -> HttpResponse:
    """Where Stripe's page leads back to. It asks Stripe too, so that the money is there by now."""
    asked = ask_stripe(_topup_of(request, topup_id))
    context = {"topup": asked, "left": "left" in request.GET}
    return render(request, "billing/topup_return.html", context)


@limited("page-write")
@login_required
@require_POST
def topup_cancel(request: HttpRequest, topup_id: str) -> HttpResponse:
    """Closes Stripe's page, so that a link left open somewhere takes no money."""
    canceled = cancel_topup(_topup_of(request, topup_id))
    if canceled.status == TopUp.Status.EXPIRED:
        messages.success(request, "Canceled. Nothing was charged.")
    return redirect("billing:topup-return", topup_id=topup_id)


def _topup_of(request: HttpRequest, topup_id: str) -> TopUp:
    mine = TopUp.objects.filter(account=signed_in_user(request).account)
    return get_object_or_404(mine.select_related("account"), public_id=topup_id)


def _to_stripe(started: TopUp) -> HttpResponse:
    # A form that is sent once more after paying finds its top-up paid, and no page to pay on.
    if started.checkout_url:
        return redirect(started.checkout_url)
    return redirect("billing:topup-return", topup_id=started.public_id)
