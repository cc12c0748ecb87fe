"""The support screen of one account: its facts, the actions on it, and its newest rows.

Nothing secret is shown. Of a called number only the last four digits are: the whole number is on
the page of its call, where each look is recorded.
"""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from phonenumbers import parse
from phonenumbers.timezone import time_zones_for_number

from accounts.audit import in_words
from accounts.models import (
    AccessToken,
    Account,
    AuditEvent,
    CallMode,
    DeviceLogin,
    OutboxMail,
    User,
)
from billing.models import Dispute, Hold, Refund, StripeEvent, TopUp, Transfer, Wallet
from mobayilo.lib.formatting import (
    KNOWN_TIME_ZONES,
    format_browser,
    format_duration,
    format_when,
)
from mobayilo.lib.money import MICROS_PER_CENT, format_change, format_money
from mobayilo.overview.models import FailedRequest
from mobayilo.overview.support.tables import Button, Row, Table, buttons, list_url
from telephony.models import (
    Call,
    CallerId,
    CallEvent,
    OpenedDestination,
    RefusedCall,
    Verification,
)
from telephony.numbers import mask
from telephony.rules import limits_of

ROWS_SHOWN = 10


def read_account(pk: int) -> tuple[Account, list[User]] | None:
    """Return an account with its wallet, limits and users, by one query if it has a user."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    factors = Authenticator.objects.filter(user=OuterRef("pk"))
    seen = {
        "first_phone": Subquery(first_phones(OuterRef("account"))[:1]),
        "is_confirmed": Exists(confirmed),
        "has_second_factor": Exists(factors.exclude(type=Authenticator.Type.RECOVERY_CODES)),
    }
    members = User.objects.filter(account=pk).annotate(**seen).order_by("id")
    users = list(members.select_related("account__wallet", "account__call_limits"))
    account = users[0].account if users else Account.objects.filter(pk=pk).first()
    if users and account:
        vars(account)["first_phone"] = vars(users[0])["first_phone"]
    return (account, users) if account else None


def zone_of(account: Account) -> ZoneInfo | None:
    """Return the time zone of a customer, by the phone that rings first; None if it is not clear.

    A mobile number may be of several zones of its country; they count while their clocks agree.
    """
    e164 = vars(account).get("first_phone") or first_phones(account.pk).first()
    if e164 is None:
        return None
    names = time_zones_for_number(parse(e164))
    zones = [ZoneInfo(name) for name in names if name in KNOWN_TIME_ZONES]
    offsets = {timezone.now().astimezone(zone).utcoffset() for zone in zones}
    return zones[-1] if len(offsets) == 1 else None


def first_phones(account: int | OuterRef) -> QuerySet[CallerId, str]:
    """Return the numbers of an account's phones, the one that rings first at the beginning."""
    phones = CallerId.objects.filter(account=account, removed_at=None)
    return phones.order_by("-is_default", "id").values_list("e164", flat=True)


def account_facts(account: Account, zone: ZoneInfo | None) -> dict[str, str]:
    """Return the money of an account, its state, and the limits of its calls and tokens."""
    facts = {}
    wallet: Wallet | None = getattr(account, "wallet", None)
    if wallet is not None:
        facts["Balance"] = format_money(wallet.balance_micros)
        facts["Held"] = format_money(wallet.held_micros)
        facts["Available"] = format_money(wallet.available_micros)
        if wallet.owed_micros:
            facts["Owed"] = format_money(wallet.owed_micros)
    facts["State"] = "Active"
    if account.frozen_at:
        facts["State"] = f"Frozen since {format_when(account.frozen_at)}: {account.frozen_reason}"
    facts["Customer since"] = format_when(account.created_at)
    facts["Home country"] = account.default_country or "not known yet"
    if zone is not None:
        facts["Their time"] = f"{timezone.now().astimezone(zone):%H:%M}, {zone}"
    limits, days = limits_of(account), account.token_max_days
    facts["Calls"] = (
        f"{limits.calls_at_once} at once, {limits.calls_per_hour} an hour, "
        f"{limits.new_numbers_per_hour} new numbers an hour, "
        f"{format_money(limits.spend_max_cents_per_day * MICROS_PER_CENT)} a day"
    )
    facts["Press 1"] = "asked for on their phone" if account.asks_for_key else "switched off"
    rings = account.call_mode == CallMode.CALLBACK
    facts["Calls from a terminal"] = "ring their phone first" if rings else "use their computer"
    facts["Tokens live"] = f"at most {days} days" if days else "as the settings say"
    if wallet is None:
        facts["Balance"] = "no wallet yet"
    return facts


def account_buttons(request: HttpRequest, account: Account) -> list[Button]:
    """Return the actions on an account and its wallet that the signed-in staff may take."""
    acts = {"thaw": "Thaw"} if account.is_frozen else {"freeze": "Freeze"}
    acts |= {"revoke": "Revoke all tokens", "tighten": "Limit the life of tokens"}
    asks = account.asks_for_key
    acts |= {"ask_for_no_key": "Ask for no key"} if asks else {"ask_for_key": "Ask for a key"}
    wallet: Wallet | None = getattr(account, "wallet", None)
    on_wallet = buttons(request, wallet, credit_or_debit="Credit or debit") if wallet else []
    return [*buttons(request, account, **acts), *on_wallet]


def account_tables(request: HttpRequest, account: Account, users: list[User]) -> Iterator[Table]:
    """Yield the tables in the order of the screen."""
    yield users_table(request, users)
    yield caller_ids_table(request, account)
    yield calls_table(request, account)
    yield refusals_table(account)
    yield verifications_table(request, account)
    yield opened_destinations_table(request, account)
    if hasattr(account, "wallet"):
        yield money_table(account.wallet)
    topups = list(TopUp.objects.filter(account=account).order_by("-id")[:ROWS_SHOWN])
    yield topups_table(request, account, topups)
    yield returned_table(account)
    yield provider_events_table(account, topups)
    yield tokens_table(request, users)
    yield sign_ins_table(users)
    yield mails_table(request, users)
    yield audit_table(account)


def newest(rows: Iterable[Row], most: int = ROWS_SHOWN) -> list[Row]:
    """Return the newest of rows of several kinds, by the time under "When"."""
    return sorted(rows, key=lambda row: row.cells["When"], reverse=True)[:most]


def of_users(users: list[User]) -> dict[str, str]:
    """Return the query by which the admin lists the rows of these users."""
    return {"user__in": ",".join(str(user.pk) for user in users)}


def users_table(request: HttpRequest, users: list[User]) -> Table:
    rows = []
    for user in users:
        columns = vars(user)  # `read_account` adds columns that the model does not declare
        actions = {"end_sessions": "Sign out"}
        if columns["has_second_factor"]:
            actions["remove_second_factor"] = "Remove second factor"
        actions |= {"lock": "Lock"} if user.is_active else {"unlock": "Unlock"}
        cells = {
            "Address": user.email,
            "Confirmed": "yes" if columns["is_confirmed"] else "no",
            "Second factor": "yes" if columns["has_second_factor"] else "no",
            "May sign in": "yes" if user.is_active else "locked",
            "Last sign-in": user.last_login,
        }
        rows.append(Row(user, cells, buttons(request, user, **actions)))
    return Table("Users", rows)


def caller_ids_table(request: HttpRequest, account: Account) -> Table:
    rows = []
    phones = CallerId.objects.filter(account=account).order_by("-is_default", "-id")
    for phone in phones[:ROWS_SHOWN]:
        if phone.removed_at:
            state = f"{phone.get_removed_reason_display()}, {format_when(phone.removed_at)}"
        else:
            state = "verified" if phone.is_verified else "to be verified again"
            state += ", default" if phone.is_default else ""
        cells = {"Number": phone.e164, "State": state, "Proved": phone.verified_at}
        acts = {} if phone.removed_at else {"remove": "Remove"}
        rows.append(Row(phone, cells, buttons(request, phone, **acts)))
    return Table("Caller IDs", rows, {"all": list_url(CallerId, account=account.pk)})


def calls_table(request: HttpRequest, account: Account) -> Table:
    rows = []
    for call in Call.objects.filter(account=account).order_by("-id")[:ROWS_SHOWN]:
        seconds, micros = call.leg_b_seconds, call.cost_micros
        cells = {
            "When": call.created_at,
            "Call": call.public_id,
            "To": mask(call.to_e164),
            "State": call.state,
            "Reason": call.end_reason_in_words,
            "Talked": "" if seconds is None else format_duration(seconds),
            "Cost": "not settled" if micros is None else format_money(micros),
        }
        acts = {} if call.settled_at else {"ask_twilio": "Ask Twilio"}
        rows.append(Row(call, cells, buttons(request, call, **acts)))
    return Table("Calls", rows, {"all": list_url(Call, account=account.pk)})


def refusals_table(account: Account) -> Table:
    """Show refused calls, and other requests: that of a refused call is stored as well."""
    calls = RefusedCall.objects.filter(account=account).order_by("-id")
    is_of_call = Exists(calls.filter(request_id=OuterRef("request_id")))
    requests = FailedRequest.objects.filter(~is_of_call, account=account).order_by("-id")
    refusals: list[RefusedCall | FailedRequest] = [*calls[:ROWS_SHOWN], *requests[:ROWS_SHOWN]]
    rows = []
    for refusal in refusals:
        if isinstance(refusal, RefusedCall):
            request_line = refusal.to_text
        else:
            request_line = f"{refusal.method} {refusal.route}"
        cells = {
            "When": refusal.created_at,
            "As typed, or asked": request_line,
            "Code": refusal.code,
            "Reason": refusal.message,
            "Request": refusal.request_id,
        }
        rows.append(Row(refusal, cells))
    links = {
        "calls": list_url(RefusedCall, account=account.pk),
        "requests": list_url(FailedRequest, account=account.pk),
    }
    return Table("Refused and failed", newest(rows), links)


def verifications_table(request: HttpRequest, account: Account) -> Table:
    rows = []
    for verification in Verification.objects.filter(account=account).order_by("-id")[:ROWS_SHOWN]:
        cells = {
            "When": verification.created_at,
            "Number": verification.e164,
            "By": verification.channel,
            "State": f"{verification.state} {verification.failure_code}".strip(),
            "Tries left": verification.attempts_left,
        }
        is_open = verification.state in (Verification.State.REQUESTED, Verification.State.PENDING)
        acts = {"expire": "Expire"} if is_open else {}
        rows.append(Row(verification, cells, buttons(request, verification, **acts)))
    return Table("Verifications", rows, {"all": list_url(Verification, account=account.pk)})


def opened_destinations_table(request: HttpRequest, account: Account) -> Table:
    """Show destinations that are open for this account, or for every account."""
    rows = []
    for_account = Q(account=account) | Q(account=None)
    destinations = OpenedDestination.objects.filter(for_account, closed_at=None).order_by("-id")
    for opened in destinations[:ROWS_SHOWN]:
        cells = {
            "When": opened.created_at,
            "Destination": opened.destination,
            "For": "it alone" if opened.account_id else "everybody",
            "Reason": opened.reason,
        }
        rows.append(Row(opened, cells, buttons(request, opened, close="Close")))
    return Table("Opened destinations", rows)


def money_table(wallet: Wallet) -> Table:
    """Return the newest transfers and open holds of a wallet."""
    transfers = Transfer.objects.filter(wallet=wallet).order_by("-id")[:ROWS_SHOWN]
    holds = Hold.objects.filter(wallet=wallet, state=Hold.State.OPEN).order_by("-id")[:ROWS_SHOWN]
    rows = [
        *(
            _movement(
                transfer,
                kind=transfer.get_kind_display(),
                reference=transfer.reference,
                amount=format_change(transfer.amount_micros),
                balance=format_money(transfer.balance_after_micros),
            )
            for transfer in transfers
        ),
        *(
            _movement(
                hold, kind="Open hold", reference=hold.key, amount=format_money(hold.amount_micros)
            )
            for hold in holds
        ),
    ]
    links = {
        "transfers": list_url(Transfer, wallet=wallet.pk),
        "holds": list_url(Hold, wallet=wallet.pk),
    }
    return Table("Money moved and held", newest(rows), links)


def _movement(
    row: Transfer | Hold, *, kind: str, reference: str, amount: str, balance: str = ""
) -> Row:
    cells = {
        "When": row.created_at,
        "Movement": row.public_id,
        "Kind": kind,
        "For": reference,
        "Amount": amount,
        "Balance after": balance,
    }
    return Row(row, cells)


def topups_table(request: HttpRequest, account: Account, topups: list[TopUp]) -> Table:
    rows = []
    for topup in topups:
        cells = {
            "When": topup.created_at,
            "Top-up": topup.public_id,
            "Amount": format_money(topup.amount_micros),
            "State": topup.page_status.replace("_", " "),
            "Problem": topup.problem,
        }
        acts = {"refund": "Refund"} if topup.status == TopUp.Status.PAID else {}
        acts |= {"ask": "Ask Stripe"} if topup.status == TopUp.Status.PENDING else {}
        rows.append(Row(topup, cells, buttons(request, topup, **acts)))
    return Table("Top-ups", rows, {"all": list_url(TopUp, account=account.pk)})


def returned_table(account: Account) -> Table:
    of_account = Q(topup__account=account)
    refunds = Refund.objects.filter(of_account).select_related("topup").order_by("-id")
    disputes = Dispute.objects.filter(of_account).select_related("topup").order_by("-id")
    returned: list[Refund | Dispute] = [*refunds[:ROWS_SHOWN], *disputes[:ROWS_SHOWN]]
    rows = []
    for money in returned:
        if isinstance(money, Refund):
            number, kind, state = money.public_id, "Refund", money.get_status_display()
        else:
            number, kind = money.stripe_id, money.get_kind_display()
            state = money.get_state_display()
            if money.waits_for_us:
                state = f"{state}, answer by {money.answer_by:%Y-%m-%d %H:%M}"
        cells = {
            "When": money.created_at,
            "Id": number,
            "Kind": kind,
            "Top-up": money.topup.public_id,
            "State": state,
            "Reason": money.reason,
            "Amount": format_money(money.amount_micros),
        }
        rows.append(Row(money, cells))
    links = {
        "refunds": list_url(Refund, q=account.public_id),
        "disputes": list_url(Dispute, q=account.public_id),
    }
    return Table("Refunds and disputes", newest(rows), links)


def provider_events_table(account: Account, topups: list[TopUp]) -> Table:
    """Show events of Stripe about these top-ups, and of Twilio about the account's calls."""
    most, rows = 2 * ROWS_SHOWN, []
    references = [topup.public_id for topup in topups]
    of_stripe = StripeEvent.objects.filter(reference__in=references).defer("payload")
    for event in of_stripe.order_by("-id")[:most]:
        cells = {
            "When": event.received_at,
            "What": event.kind,
            "About": event.reference,
            "Outcome": event.get_outcome_display(),
            "Note": event.note,
        }
        rows.append(Row(event, cells))
    of_twilio = CallEvent.objects.filter(call__account=account).defer("payload")
    for report in of_twilio.select_related("call").order_by("-id")[:most]:
        cells = {
            "When": report.received_at,
            "What": report.get_kind_display(),
            "About": report.call.public_id,
            "Outcome": report.status,
            "Note": "",
        }
        rows.append(Row(report.call, cells))
    return Table("Events of Stripe and Twilio", newest(rows, most))


def tokens_table(request: HttpRequest, users: list[User]) -> Table:
    rows = []
    for token in AccessToken.objects.filter(user__in=users).order_by("-id")[:ROWS_SHOWN]:
        if token.revoked_at:
            state = f"revoked {format_when(token.revoked_at)}: {token.revoked_reason}"
        elif token.expires_at is None:
            state = "without an end"
        else:
            has_expired = token.expires_at <= timezone.now()
            state = f"{'expired' if has_expired else 'until'} {format_when(token.expires_at)}"
        cells = {
            "Token": token.public_id,
            "Name": token.name,
            "Last four": f"…{token.last_four}",
            "State": state,
            "Last used": token.last_used_at,
        }
        acts = {} if token.revoked_at else {"revoke": "Revoke"}
        rows.append(Row(token, cells, buttons(request, token, **acts)))
    return Table("Tokens", rows, {"all": list_url(AccessToken, **of_users(users))})


def sign_ins_table(users: list[User]) -> Table:
    rows = []
    for browser in UserSession.objects.filter(user__in=users).order_by("-pk")[:ROWS_SHOWN]:
        cells = {
            "When": browser.last_seen_at,
            "From what": format_browser(browser.user_agent),
            "Kind": "browser",
            "State": "signed in",
            "From": browser.ip,
        }
        rows.append(Row(browser, cells))
    for login in DeviceLogin.objects.filter(user__in=users).order_by("-pk")[:ROWS_SHOWN]:
        cells = {
            "When": login.created_at,
            "From what": format_browser(login.device_name or login.client_id),
            "Kind": "device",
            "State": login.state,
            "From": login.ip,
        }
        rows.append(Row(login, cells))
    links = {
        "browsers": list_url(UserSession, **of_users(users)),
        "device logins": list_url(DeviceLogin, **of_users(users)),
    }
    return Table("Browsers and device logins", newest(rows), links)


def mails_table(request: HttpRequest, users: list[User]) -> Table:
    rows = []
    mails = OutboxMail.objects.filter(user__in=users).defer("context").order_by("-id")
    for mail in mails[:ROWS_SHOWN]:
        cells = {
            "Queued": mail.created_at,
            "Mail": mail.template.rpartition("/")[2],
            "Sent": mail.sent_at or "not yet",
            "Error": mail.last_error,
        }
        rows.append(Row(mail, cells, buttons(request, mail, send_again="Send again")))
    return Table("Mails", rows, {"all": list_url(OutboxMail, **of_users(users))})


def audit_table(account: Account) -> Table:
    rows = []
    events = AuditEvent.objects.filter(account=account).select_related("user").order_by("-id")
    for event in events[: 2 * ROWS_SHOWN]:
        cells = {
            "When": event.created_at,
            "What": in_words(event),
            "Who": event.user,
            "Via": event.via,
            "From": event.ip,
            "Reason": event.facts.get("reason"),
        }
        rows.append(Row(event, cells))
    return Table("Audit log", rows, {"all": list_url(AuditEvent, account=account.pk)})
