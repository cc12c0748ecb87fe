"""The pages about calls and phones."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from csp.constants import HEADER, SELF
from csp.utils import build_policy
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import form_target, signed_in_user
from mobayilo.lib.client_ip import country_of
from mobayilo.lib.csv_lines import csv_lines
from mobayilo.lib.errors import ProductError, keep_refusal, show_refusal
from mobayilo.lib.formatting import format_e164
from mobayilo.lib.money import format_micros
from mobayilo.lib.ratelimits import limited
from telephony.answers import MIN_DIGITS, number_in_words, poll_after_seconds, receipt_of
from telephony.calls.hangup import hang_up
from telephony.calls.place import is_waiting, make_voice_token, place_call
from telephony.calls.quote import (
    CallOrder,
    CallRequest,
    Offers,
    Origin,
    find_offers,
    offers_computer_calls,
    origin_on_page,
)
from telephony.calls.settlement import running_of
from telephony.forms import (
    CallFilters,
    CallModeForm,
    CodeForm,
    DefaultCountryForm,
    DialForm,
    KeyQuestionForm,
    PlaceForm,
    ShownNumberForm,
    VerificationForm,
)
from telephony.models import Call, CallerId, Verification
from telephony.numbers import country_name
from telephony.phones.caller_ids import (
    active_caller_ids,
    remove_caller_id,
    set_asks_for_key,
    set_call_mode,
    set_default,
    set_default_country,
    set_only_my_number,
)
from telephony.phones.registrations import (
    CALLS_FROM,
    registrations_of,
    start_registration,
    unregister,
)
from telephony.phones.shown import current_rules
from telephony.phones.verifications import (
    confirm_verification,
    pending_verification,
    request_verification,
)
from telephony.rates.deck import DeckIndex
from telephony.twilio.gateway import sandbox_host, voice_gateway

CALLS_A_PAGE = 25
# Of the page that asks for the microphone before it places a call, and of the page that talks.
MICROPHONE_POLICY = "microphone=(self)"


@limited("page-read", methods=("GET",))
@limited("page-write", methods=("POST",))
@login_required
@require_http_methods(["GET", "POST"])
def dial(request: HttpRequest) -> HttpResponse:
    """Show what a call to a number costs in each mode, and place the one that was chosen."""
    form = DialForm(request.GET if "to" in request.GET else None)
    if request.method == "POST":
        form = DialForm(request.POST)
        place_form = PlaceForm(request.POST)
        if place_form.is_valid():
            try:
                new_call = place_call(_order_on_page(request, place_form.cleaned_data))
            except ProductError as refusal:
                show_refusal(request, refusal)
            else:
                address = reverse("telephony:call", args=[new_call.public_id])
                # Only the page that this leads to starts a call from the computer.
                return redirect(f"{address}#talk" if new_call.is_through_computer else address)
    context = {"form": form, "offers": offers_on_page(request, form)}
    status = 400 if request.method == "POST" else 200
    response = render(request, "telephony/dial.html", context, status=status)
    response["Permissions-Policy"] = MICROPHONE_POLICY
    return response


@limited("page-read")
@login_required
@require_GET
def dial_offers(request: HttpRequest) -> HttpResponse:
    """Return the part of the page that follows the number while it is typed."""
    form = DialForm(request.GET)
    context = {"form": form, "offers": offers_on_page(request, form)}
    return render(request, "telephony/dial_offers.html", context)


def offers_on_page(request: HttpRequest, form: DialForm) -> Offers | None:
    """Return the offers for the number of a form, None where it holds no number yet."""
    digits = sum(char.isdigit() for char in form.data.get("to", ""))
    if digits < MIN_DIGITS or not form.is_valid():
        return None
    number, country = form.cleaned_data["to"], form.cleaned_data["country"]
    return find_offers(signed_in_user(request), to=number, country=country or None)


def _order_on_page(request: HttpRequest, fields: dict[str, str]) -> CallRequest:
    """Return the order of a form. A form that is sent twice places one call."""
    return CallRequest(
        user=signed_in_user(request),
        token=None,
        order=CallOrder(
            to=fields["to"],
            country=fields["country"] or None,
            mode=Call.Mode(fields["mode"]),
        ),
        expected_terms=fields["terms"],
        expected_shown_number=fields["shown_number"],
        idempotency_key=f"page:{fields['key']}",
        request_id=getattr(request, "request_id", ""),
    )


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
def voice_token(request: HttpRequest, public_id: str) -> HttpResponse:
    """Return the token with which the page of a call starts it, and goes on with it."""
    call_to_start = _call_of(request, public_id)
    if request.method == "GET":
        return redirect("telephony:call", public_id=public_id)
    try:
        token = make_voice_token(call_to_start)
    except ProductError as refusal:
        return JsonResponse({"code": refusal.code}, status=refusal.kind.status)
    return JsonResponse({"token": token.secret})


@limited("page-read")
@login_required
@require_GET
def calls(request: HttpRequest) -> HttpResponse:
    filters = CallFilters(request.GET or None)
    page = Paginator(_filtered(request, filters), CALLS_A_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {"page": page, "filters": filters, "query": query.urlencode()}
    return render(request, "telephony/calls.html", context)


@limited("page-read")
@login_required
@require_GET
def calls_csv(request: HttpRequest) -> HttpResponseBase:
    """Stream the same calls, of every page, for a spreadsheet."""
    calls = _filtered(request, CallFilters(request.GET or None))
    rows = _csv_rows(calls, timezone.get_current_timezone())
    response = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="mobayilo-calls.csv"'
    return response


@limited("page-read")
@login_required
@require_GET
def call(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a call, live while it lasts and with its receipt afterwards."""
    shown = _call_of(request, public_id)
    context: dict[str, Any] = {
        "call": shown,
        "receipt": receipt_of(shown),
        "running": running_of(shown),
        "poll_after_seconds": poll_after_seconds(shown),
    }
    if not is_waiting(shown):
        return render(request, "telephony/call.html", context)
    context |= {"is_waiting": True, "sandbox_host": sandbox_host()}
    response = render(request, "telephony/call.html", context)
    response[HEADER] = build_policy(update={"connect-src": [voice_gateway()], "media-src": [SELF]})
    response["Permissions-Policy"] = MICROPHONE_POLICY
    return response


@limited("page-read")
@login_required
@require_GET
def call_state(request: HttpRequest, public_id: str) -> HttpResponse:
    """Return the part of the page that changes, or 304 while nothing has changed."""
    shown = _call_of(request, public_id)
    if request.GET.get("after") == str(shown.version):
        return HttpResponse(status=304)
    context = {"call": shown, "receipt": receipt_of(shown), "running": running_of(shown)}
    response = render(request, "telephony/call_state.html", context)
    response["X-Version"] = str(shown.version)
    response["X-Poll-After-Seconds"] = str(poll_after_seconds(shown))
    return response


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
def call_hangup(request: HttpRequest, public_id: str) -> HttpResponse:
    call_to_end = _call_of(request, public_id)
    if request.method == "POST":
        try:
            hang_up(call_to_end)
        except ProductError as refusal:
            show_refusal(request, refusal)
    return redirect("telephony:call", public_id=public_id)


@limited("page-read", methods=("GET",))
@limited("verification-send", methods=("POST",))
@login_required
@require_http_methods(["GET", "POST"])
def caller_ids(request: HttpRequest) -> HttpResponse:
    """Show the account's phones, and a form that sends a code to another phone."""
    user = signed_in_user(request)
    form = _verification_form(request)
    if request.method == "POST" and form.is_valid():
        try:
            verification = request_verification(
                user=user,
                number=form.cleaned_data["number"],
                country=form.cleaned_data["country"] or None,
                channel=form.cleaned_data["channel"] or Verification.Channel.SMS,
            )
        except ProductError as refusal:
            keep_refusal(request, refusal)
            form.add_error("number", refusal.on_page)
        else:
            messages.success(request, _("A code is on its way to %(number)s.") % {
                "number": format_e164(verification.e164)
            })  # fmt: skip
            return redirect("telephony:caller-ids")
    return _show_caller_ids(request, form, CodeForm())


@limited("page-read", methods=("GET",))
@limited("verification-check", methods=("POST",))
@login_required
@require_http_methods(["GET", "POST"])
@form_target("telephony:caller-ids")
def caller_id_confirm(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            verified = confirm_verification(
                user=signed_in_user(request),
                code=form.cleaned_data["code"],
                verification_id=form.cleaned_data["verification_id"] or None,
            )
        except ProductError as refusal:
            keep_refusal(request, refusal)
            form.add_error("code", refusal.on_page)
        else:
            messages.success(request, _("%(number)s is yours to call from.") % {
                "number": format_e164(verified.e164)
            })  # fmt: skip
            return redirect("telephony:caller-ids")
    return _show_caller_ids(request, _verification_form(request), form)


@limited("page-read")
@require_GET
def number_check(request: HttpRequest) -> HttpResponse:
    """Return in words how a number will be read while it is typed; nothing for other text.

    A form that asks for the customer's own phone says `own`, and gets no price.
    """
    home = signed_in_user(request).account.default_country if request.user.is_authenticated else ""
    words = number_in_words(
        request.GET.get("number", ""),
        stated_country=request.GET.get("country") or None,
        default_country=home or None,
        priced_from=None if "own" in request.GET else partial(_origin, request),
    )
    return HttpResponse(words, content_type="text/plain; charset=utf-8")


def _origin(request: HttpRequest, deck: DeckIndex) -> Origin | None:
    """Return where the caller's phone is, None for a visitor who did not say."""
    is_known = "from" in request.GET or request.user.is_authenticated
    return origin_on_page(request, deck) if is_known else None


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
@form_target("telephony:caller-ids")
def default_country(request: HttpRequest) -> HttpResponse:
    form = DefaultCountryForm(request.POST)
    if not form.is_valid():
        return _show_caller_ids(request, _verification_form(request), CodeForm(), form)
    account = set_default_country(
        user=signed_in_user(request), country=form.cleaned_data["country"], request=request
    )
    messages.success(request, _("Numbers are read in %(country)s from now on.") % {
        "country": country_name(account.default_country)
    })  # fmt: skip
    return redirect("telephony:caller-ids")


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
def caller_id_default(request: HttpRequest, public_id: str) -> HttpResponse:
    phone = _caller_id_of(request, public_id)
    if request.method == "POST":
        set_default(phone)
    return redirect("telephony:caller-ids")


@limited("verification-send", methods=("POST",))
@login_required
@require_http_methods(["GET", "POST"])
def caller_id_register(request: HttpRequest, public_id: str) -> HttpResponse:
    """Have the carrier call a phone; the page then shows the digits to key in."""
    phone = _caller_id_of(request, public_id)
    if request.method == "POST":
        try:
            start_registration(phone, user=signed_in_user(request))
        except ProductError as refusal:
            show_refusal(request, refusal)
    return redirect("telephony:caller-ids")


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
def caller_id_unregister(request: HttpRequest, public_id: str) -> HttpResponse:
    phone = _caller_id_of(request, public_id)
    if request.method == "POST":
        try:
            unregister(phone, user=signed_in_user(request))
        except ProductError as refusal:
            show_refusal(request, refusal)
        else:
            messages.success(request, _("%(number)s is no longer registered with our carrier.") % {
                "number": format_e164(phone.e164)
            })  # fmt: skip
    return redirect("telephony:caller-ids")


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
@form_target("telephony:caller-ids")
def shown_number(request: HttpRequest) -> HttpResponse:
    form = ShownNumberForm(request.POST)
    only = form.is_valid() and form.cleaned_data["only_my_number"]
    set_only_my_number(user=signed_in_user(request), only=only, request=request)
    if only:
        messages.success(request, _("A call fails now rather than show another number."))
    else:
        messages.success(request, _("A call shows another number now where yours is refused."))
    return redirect("telephony:caller-ids")


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
@form_target("telephony:caller-ids")
def key_question(request: HttpRequest) -> HttpResponse:
    form = KeyQuestionForm(request.POST)
    asks = form.is_valid() and form.cleaned_data["asks_for_key"]
    set_asks_for_key(user=signed_in_user(request), asks=asks, request=request)
    if asks:
        messages.success(request, _("Your phone asks you to press 1 before the other one rings."))
    else:
        messages.success(
            request, _("The other phone rings as soon as yours is picked up, also by a voicemail.")
        )
    return redirect("telephony:caller-ids")


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
@form_target("telephony:caller-ids")
def call_mode(request: HttpRequest) -> HttpResponse:
    form = CallModeForm(request.POST)
    if form.is_valid():
        mode = Call.Mode(form.cleaned_data["call_mode"])
        set_call_mode(user=signed_in_user(request), mode=mode, request=request)
        if mode == Call.Mode.COMPUTER:
            messages.success(request, _("Calls from a terminal use the computer there now."))
        else:
            messages.success(request, _("Calls from a terminal ring your phone first now."))
    return redirect("telephony:caller-ids")


@limited("page-write")
@login_required
@require_http_methods(["GET", "POST"])
def caller_id_remove(request: HttpRequest, public_id: str) -> HttpResponse:
    removed = _caller_id_of(request, public_id)
    if request.method == "POST":
        remove_caller_id(removed, user=signed_in_user(request))
        number = format_e164(removed.e164)
        messages.success(request, _("%(number)s was removed.") % {"number": number})
    return redirect("telephony:caller-ids")


def _verification_form(request: HttpRequest) -> VerificationForm:
    """Return the form as it was sent, or else an empty form with the country of the account."""
    sent = request.POST if "number" in request.POST else None
    country = signed_in_user(request).account.default_country or country_of(request)
    return VerificationForm(sent, initial={"country": country})


def _show_caller_ids(
    request: HttpRequest,
    form: VerificationForm,
    code_form: CodeForm,
    country_form: DefaultCountryForm | None = None,
) -> HttpResponse:
    account = signed_in_user(request).account
    country_form = country_form or DefaultCountryForm(initial={"country": account.default_country})
    phones, rules = active_caller_ids(account), current_rules()
    attempts = registrations_of(phones)
    context = {
        "phones": [
            {
                "caller_id": phone,
                "registration": attempts.get(phone.pk),
                "registration_helps": rules.asks_for_registration(phone.country)
                or vars(phone)["was_refused"],
            }
            for phone in phones
        ],
        "calls_from": CALLS_FROM,
        "shown_form": ShownNumberForm(initial={"only_my_number": account.only_my_number}),
        "question_form": KeyQuestionForm(initial={"asks_for_key": account.asks_for_key}),
        "offers_computer_calls": offers_computer_calls(),
        "mode_form": CallModeForm(initial={"call_mode": account.call_mode}),
        "pending": pending_verification(account),
        "form": form,
        "code_form": code_form,
        "country_form": country_form,
    }
    status = 400 if form.errors or code_form.errors or country_form.errors else 200
    return render(request, "telephony/caller_ids.html", context, status=status)


def _calls_of(request: HttpRequest) -> QuerySet[Call]:
    return Call.objects.filter(account=signed_in_user(request).account)


def _call_of(request: HttpRequest, public_id: str) -> Call:
    return get_object_or_404(_calls_of(request), public_id=public_id)


def _caller_id_of(request: HttpRequest, public_id: str) -> CallerId:
    mine = CallerId.objects.filter(account=signed_in_user(request).account, removed_at=None)
    return get_object_or_404(mine, public_id=public_id)


def _filtered(request: HttpRequest, filters: CallFilters) -> QuerySet[Call]:
    """Return the calls that pass the filters, none if a filter is invalid; the form says why."""
    calls = _calls_of(request).order_by("-id")
    if not filters.is_bound:
        return calls
    return filters.apply(calls) if filters.is_valid() else calls.none()


def _csv_rows(calls: QuerySet[Call], zone: tzinfo) -> Iterator[list[object]]:
    """Yield the heading and a row for each call.

    Times are in `zone`, since the active time zone ends with the request, before the streaming.
    """

    def time_of(instant: datetime | None) -> str:
        return instant.astimezone(zone).isoformat() if instant else ""

    yield [
        "call_id", "created_at", "from", "to", "shown", "country", "state", "end_reason",
        "answered_at", "ended_at", "seconds", "price_per_minute", "cost",
    ]  # fmt: skip
    for one in calls.iterator(chunk_size=500):
        yield [
            one.public_id,
            time_of(one.created_at),
            # A spreadsheet keeps a number with spaces, and rounds +447400123456.
            *(
                format_e164(e164) if e164 else ""
                for e164 in (one.from_e164, one.to_e164, one.seen_e164)
            ),
            one.to_country,
            one.state,
            one.end_reason,
            time_of(one.answered_at),
            time_of(one.ended_at),
            one.leg_b_seconds if one.settled_at else "",
            format_micros(one.price.micros_per_minute),
            "" if one.cost_micros is None else format_micros(one.cost_micros),
        ]
