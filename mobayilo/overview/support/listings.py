"""What support sees of each kind of row. Nothing secret; of numbers called, four digits.

The whole number is one click away, where looking at it is meant.
"""

from datetime import datetime

from django.utils import timezone

from accounts.models import AccessToken, AuditEvent, OutboxMail, User
from billing.models import TopUp
from mobayilo.lib.formatting import format_duration, format_money, format_when
from mobayilo.overview.support.tables import Act, Listing
from telephony.models import Call, CallerId, OpenedDestination, Verification
from telephony.numbers import mask

State = Verification.State


def when(instant: datetime | None) -> str:
    return format_when(instant) if instant else ""


def _phone_state(phone: CallerId) -> str:
    if phone.removed_at:
        return f"{phone.get_removed_reason_display()}, {format_when(phone.removed_at)}"
    state = "verified" if phone.is_verified else "to be proved again"
    return f"{state}, default" if phone.is_default else state


def _token_state(token: AccessToken) -> str:
    if token.revoked_at:
        return f"revoked {format_when(token.revoked_at)}: {token.revoked_reason}"
    if token.expires_at is None:
        return "without an end"
    over = token.expires_at <= timezone.now()
    return f"{'expired' if over else 'until'} {format_when(token.expires_at)}"


def _user(user: User) -> list[object]:
    """With what `read_account` asked of the address and of the second factor."""
    asked = vars(user)
    confirmed = "yes" if asked["is_confirmed"] else "no"
    second_factor = "yes" if asked["has_second_factor"] else "no"
    may_sign_in = "yes" if user.is_active else "locked"
    return [user.email, confirmed, second_factor, may_sign_in, when(user.last_login)]


def _caller_id(phone: CallerId) -> list[object]:
    return [phone.e164, _phone_state(phone), when(phone.verified_at)]


def _call(call: Call) -> list[object]:
    talked = "" if call.leg_b_seconds is None else format_duration(call.leg_b_seconds)
    cost = "not settled" if call.cost_micros is None else format_money(call.cost_micros)
    to, reason = mask(call.to_e164), call.end_reason_in_words
    return [when(call.created_at), call.public_id, to, call.state, reason, talked, cost]


def _verification(proof: Verification) -> list[object]:
    state = f"{proof.state} {proof.failure_code}".strip()
    return [when(proof.created_at), proof.e164, proof.channel, state, proof.attempts_left]


def _topup(topup: TopUp) -> list[object]:
    amount = format_money(topup.amount_micros)
    return [when(topup.created_at), topup.public_id, amount, topup.shown_status, topup.problem]


def _token(token: AccessToken) -> list[object]:
    last_four, used = f"…{token.last_four}", when(token.last_used_at)
    return [token.public_id, token.name, last_four, _token_state(token), used]


def _opened(opened: OpenedDestination) -> list[object]:
    whom = "it alone" if opened.account_id else "everybody"
    return [when(opened.created_at), opened.destination, whom, opened.reason]


def _mail(mail: OutboxMail) -> list[object]:
    sent = when(mail.sent_at) or "not yet"
    return [when(mail.created_at), mail.template.rpartition("/")[2], sent, mail.last_error]


def _audit_event(event: AuditEvent) -> list[object]:
    who, reason = event.user or "", event.facts.get("reason", "")
    return [when(event.created_at), event.action, who, event.via, event.ip or "", reason]


USERS = Listing(
    User,
    "Users",
    ("Address", "Confirmed", "Second factor", "May sign in", "Last sign-in"),
    _user,
    (
        Act("end_sessions", "Sign out"),
        Act(
            "remove_second_factor",
            "Remove second factor",
            lambda user: vars(user)["has_second_factor"],
        ),
        Act("lock", "Lock", lambda user: user.is_active),
        Act("unlock", "Unlock", lambda user: not user.is_active),
    ),
)
CALLER_IDS = Listing(
    CallerId,
    "Caller IDs",
    ("Number", "State", "Proved"),
    _caller_id,
    (Act("remove", "Remove", lambda phone: phone.removed_at is None),),
    lookup="account",
)
CALLS = Listing(
    Call,
    "Calls",
    ("When", "Call", "To", "State", "Reason", "Talked", "Cost"),
    _call,
    (Act("ask_twilio", "Ask Twilio", lambda call: call.settled_at is None),),
    lookup="account",
    numbers=("Talked", "Cost"),
)
VERIFICATIONS = Listing(
    Verification,
    "Verifications",
    ("When", "Number", "By", "State", "Tries left"),
    _verification,
    (Act("expire", "Expire", lambda proof: proof.state in (State.REQUESTED, State.PENDING)),),
    lookup="account",
    numbers=("Tries left",),
)
TOPUPS = Listing(
    TopUp,
    "Top-ups",
    ("When", "Top-up", "Amount", "State", "Problem"),
    _topup,
    (
        Act("refund", "Refund", lambda topup: topup.status == TopUp.Status.PAID),
        Act("ask", "Ask Stripe", lambda topup: topup.status == TopUp.Status.PENDING),
    ),
    lookup="account",
    numbers=("Amount",),
)
TOKENS = Listing(
    AccessToken,
    "Tokens",
    ("Token", "Name", "Last four", "State", "Last used"),
    _token,
    (Act("revoke", "Revoke", lambda token: token.revoked_at is None),),
    lookup="user__in",
)
OPENED = Listing(
    OpenedDestination,
    "Opened destinations",
    ("When", "Destination", "For", "Reason"),
    _opened,
    (Act("close", "Close"),),
)
MAILS = Listing(
    OutboxMail,
    "Mails",
    ("Queued", "Mail", "Sent", "Error"),
    _mail,
    (Act("send_again", "Send again"),),
    lookup="user__in",
)
AUDIT_EVENTS = Listing(
    AuditEvent,
    "Audit log",
    ("When", "What", "Who", "Via", "From", "Reason"),
    _audit_event,
    lookup="account",
)
