"""An account with something of everything, and the people who look at it."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts.mail import queue_mail
from accounts.models import DeviceLogin, User
from billing import ledger
from billing.models import Refund, StripeEvent, TopUp
from mobayilo.overview.models import FailedRequest
from telephony.models import Call, CallEvent, RefusedCall, Verification
from tests.people import new_token, staff
from tests.web.scenes import busy_customer

REQUEST_ID = "req_0123456789abcdefghij"
SESSION_ID = "cs_test_alice_0"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def desk_of(group: str) -> Client:
    """A browser in which a member of a group is signed in."""
    client = Client()
    client.force_login(staff(group))
    return client


def something_of_everything(user: User, *, times: int = 1) -> None:
    """Calls, money, refusals, tokens, devices, mails and events of one account."""
    busy_customer(user, calls=8 * times)
    now, soon = timezone.now(), timezone.now() + timedelta(minutes=9)
    call = Call.objects.filter(account=user.account).latest("id")
    for index in range(times):
        key = f"{user.pk}-{index}"
        token = new_token(user, name=f"token {index}").row
        ledger.place_hold(
            account=user.account, amount_micros=1_000_000, key=f"call:{key}", expires_at=soon
        )
        RefusedCall.objects.create(
            account=user.account, user=user, token=token, to_text="+49 30 12345678",
            code="country_closed", message="Calls to Germany are closed.", request_id=REQUEST_ID,
        )  # fmt: skip
        Verification.objects.create(
            account=user.account, user=user, e164="+447400999888", country="GB",
            channel="sms", state="pending", expires_at=soon,
        )  # fmt: skip
        DeviceLogin.objects.create(
            device_code_digest=f"device-code-digest-{key}",
            user_code_digest=f"user-code-digest-{key}",
            state="consumed", client_id="moby-cli", device_name="anvil", user=user, token=token,
            expires_at=soon, interval_seconds=5,
        )  # fmt: skip
        topup = TopUp.objects.create(
            account=user.account, user=user, amount_micros=20_000_000, expires_at=soon,
            stripe_session_id=f"cs_test_{user.email.partition('@')[0]}_{index}",
        )  # fmt: skip
        Refund.objects.create(topup=topup, amount_micros=3_000_000, reason="asked for")
        topup.disputes.create(
            stripe_id=f"dp_{key}", kind="dispute", amount_micros=4_000_000, state=1,
            reason="fraudulent",
        )  # fmt: skip
        UserSession.objects.create(
            user=user, ip="192.0.2.33", session_key=f"session-key-{key}", user_agent=FIREFOX
        )
        FailedRequest.objects.create(
            request_id=f"req_failed_{key}", account=user.account, method="POST",
            route="caller-ids", status=429, code="too_many_codes", message="Too many codes.",
        )  # fmt: skip
        StripeEvent.objects.create(
            stripe_id=f"evt_{key}", kind="checkout.session.expired", payload={},
            stripe_created_at=now, outcome="ignored", reference=topup.public_id,
        )  # fmt: skip
        CallEvent.objects.create(
            call=call, kind="status", call_sid=f"CA{index:032x}", sequence=key,
            status="ringing", payload={},
        )  # fmt: skip
        queue_mail(user, template="accounts/mail/token_created", context={}, key=f"mail:{key}")
