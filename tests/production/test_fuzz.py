"""Anything at all at the doors that strangers reach: never our fault, and nothing changes."""

import base64
import contextlib
import hashlib
import hmac
import json
import math
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings as product
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import AccessToken, DeviceLogin, User
from accounts.oauth.endpoints import DEVICE_GRANT
from billing.ledger import balance_of, place_hold, release_hold
from billing.ledger.audit import differences
from billing.models import Hold, StripeEvent, TopUp, Transfer
from telephony.models import Call, CallEvent, RateDeck
from telephony.rates.files import COLUMNS
from tests.people import new_token
from tests.production.addresses import belongings, state_of
from tests.web.scenes import credit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_unlimited")]
# How many examples is the profile's: see conftest.py.
fuzzed = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=120)
TEXT = st.text(max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def _unlimited(settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = False


def by_stripe(body: bytes) -> str:
    """A true signature of Stripe's, over any body."""
    at = int(time.time())
    key = product.STRIPE_WEBHOOK_SECRET.encode()
    mac = hmac.new(key, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def by_twilio(path: str, form: dict[str, str]) -> str:
    """A true signature of Twilio's, over any form."""
    text = f"{product.PUBLIC_URL}{path}" + "".join(k + form[k] for k in sorted(form))
    mac = hmac.new(product.TWILIO_AUTH_TOKEN.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


@fuzzed
@given(body=st.binary(max_size=300) | JSON.map(lambda j: json.dumps(j).encode()), signature=HEADER)
def test_unsigned_stripe_webhook_is_refused(body: bytes, signature: str) -> None:
    answer = Client().post(
        "/webhooks/stripe", body, "application/json", headers={"Stripe-Signature": signature}
    )
    assert answer.status_code == 400
    assert not StripeEvent.objects.exists()


EVENT = st.fixed_dictionaries(
    {
        "id": st.from_regex(r"evt_[0-9a-z]{1,8}", fullmatch=True) | JSON,
        "type": st.sampled_from(
            ["checkout.session.completed", "checkout.session.expired", "charge.refunded",
             "charge.dispute.created", "charge.dispute.closed", "refund.updated", "unheard.of"]
        ) | JSON,
        "data": st.fixed_dictionaries({"object": JSON}) | JSON,
    },
    optional={"object": st.just("event"), "created": st.integers() | JSON, "livemode": JSON},
)  # fmt: skip


@fuzzed
@given(event=EVENT | JSON)
def test_signed_stripe_webhook_of_any_shape_moves_no_money(event: object) -> None:
    body = json.dumps(event).encode()
    answer = Client().post(
        "/webhooks/stripe", body, "application/json", headers={"Stripe-Signature": by_stripe(body)}
    )
    assert answer.status_code in (200, 400)
    assert not Transfer.objects.exists()
    assert not TopUp.objects.exists()


@pytest.mark.parametrize("value", [math.inf, math.nan, "\0", "\ud800"])
@pytest.mark.django_db
def test_signed_stripe_event_that_cannot_be_stored_is_refused(value: object) -> None:
    event = {"id": "evt_1", "type": "unheard.of", "created": 0, "data": {"object": {"a": value}}}
    body = json.dumps(event).encode()
    answer = Client().post(
        "/webhooks/stripe", body, "application/json", headers={"Stripe-Signature": by_stripe(body)}
    )
    assert answer.status_code == 400
    assert not StripeEvent.objects.exists()


@fuzzed
@given(
    body=st.binary(max_size=300),
    signature=HEADER,
    kind=st.sampled_from(["twiml", "status", "child", "dial"]),
    call_id=st.from_regex(r"call_[0-9A-Za-z]{1,20}", fullmatch=True),
)
def test_unsigned_twilio_webhook_is_refused(
    body: bytes, signature: str, kind: str, call_id: str
) -> None:
    path = f"/webhooks/twilio/call/{call_id}/{kind}"
    answer = Client().post(path, body, FORM, headers={"X-Twilio-Signature": signature})
    assert answer.status_code in (400, 403)
    assert not CallEvent.objects.exists()


FIELDS = st.sampled_from(
    ["CallSid", "CallStatus", "CallDuration", "ParentCallSid", "DialCallStatus", "DialCallSid",
     "DialCallDuration", "DialBridged", "SequenceNumber", "Timestamp", "To", "From"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["queued", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled",
     "answered", "0", "-1", "9999999999", "1.5", "CA" + "0" * 32]
) | TEXT  # fmt: skip


@fuzzed
@given(
    form=st.dictionaries(FIELDS | TEXT, WORDS, max_size=8),
    kind=st.sampled_from(["twiml", "status", "child", "dial"]),
)
def test_signed_twilio_webhook_of_any_form_bills_no_settled_call_again(
    alice: User, form: dict[str, str], kind: str
) -> None:
    call = Call.objects.filter(account=alice.account).first()
    if call is None:
        belongings(alice)
        call = Call.objects.get(account=alice.account)
    money = list(Transfer.objects.values_list("pk", "amount_micros"))
    path = f"/webhooks/twilio/call/{call.public_id}/{kind}"
    answer = Client().post(
        path, urlencode(form), FORM, headers={"X-Twilio-Signature": by_twilio(path, form)}
    )
    assert answer.status_code in (200, 204, 400, 403)
    assert list(Transfer.objects.values_list("pk", "amount_micros")) == money
    assert not any("balance" in line for line in differences())


DAY = "86400"
LEG_A, LEG_B = "leg A", "leg B"  # each call has SIDs of its own
SECONDS = st.sampled_from(["0", "1", "59", "600", DAY, "-1", "1.5", "", "9999999999", "NaN"])
OF_AN_OPEN_CALL = st.fixed_dictionaries(
    {"CallSid": st.sampled_from([LEG_A, LEG_B]) | TEXT, "CallStatus": WORDS},
    optional={
        "CallDuration": SECONDS,
        "ParentCallSid": st.just(LEG_A),
        "DialCallSid": st.just(LEG_B),
        "DialCallStatus": WORDS,
        "DialCallDuration": SECONDS,
        "SequenceNumber": SECONDS,
        "Timestamp": TEXT,
    },
)

# A talk of a day, reported in order: far more than any limit allows.
A_DAY = [
    ("twiml", {"CallSid": LEG_A, "CallStatus": "in-progress"}),
    (
        "child",
        {"CallSid": LEG_B, "ParentCallSid": LEG_A, "CallStatus": "completed", "CallDuration": DAY},
    ),
    ("status", {"CallSid": LEG_A, "CallStatus": "completed", "CallDuration": DAY}),
]


def open_call(user: User) -> Call:
    """Return a call under way, with its hold, of a user who can pay for many."""
    if not Call.objects.filter(account=user.account).exists():
        belongings(user)
        credit(user.account, 10_000_000_000)
    call = Call.objects.filter(account=user.account).earliest("pk")
    call.pk, call.public_id = None, f"call_{Call.objects.count():020}"
    call.state, call.leg_a_status, call.leg_b_status = Call.State.DIALING, "", ""
    call.answered_at = call.ended_at = call.settled_at = None
    call.leg_a_seconds = call.leg_b_seconds = call.leg_a_cost_micros = call.leg_b_cost_micros = None
    call.leg_a_sid = call.leg_b_sid = None
    call.hold_micros = call.price.hold_micros(call.max_seconds)
    call._state.adding = True
    call.save()
    expires_at = timezone.now() + timedelta(hours=3)
    place_hold(
        account=user.account,
        amount_micros=call.hold_micros,
        key=call.hold_key,
        expires_at=expires_at,
    )
    return call


@fuzzed
@given(
    told=st.lists(
        st.tuples(st.sampled_from(["twiml", "status", "child", "dial"]), OF_AN_OPEN_CALL),
        min_size=1,
        max_size=5,
    )
)
@example(told=A_DAY)
def test_signed_twilio_webhooks_of_any_form_take_no_more_than_an_open_call_holds(
    alice: User, told: list[tuple[str, dict[str, str]]]
) -> None:
    call = open_call(alice)
    before = balance_of(alice.account).balance_micros
    sids = {LEG_A: f"CA{call.pk:032}", LEG_B: f"CB{call.pk:032}"}
    for kind, fields in told:
        form = {name: sids.get(value, value) for name, value in fields.items()}
        path = f"/webhooks/twilio/call/{call.public_id}/{kind}"
        headers = {"X-Twilio-Signature": by_twilio(path, form)}
        answer = Client().post(path, urlencode(form), FORM, headers=headers)
        assert answer.status_code in (200, 204, 400, 403)
    call.refresh_from_db()
    hold = Hold.objects.get(key=call.hold_key)
    assert 0 <= before - balance_of(alice.account).balance_micros <= call.hold_micros
    assert (call.settled_at is None) == (hold.state == Hold.State.OPEN)
    release_hold(key=call.hold_key)
    Call.objects.filter(pk=call.pk, settled_at=None).update(settled_at=timezone.now())


PARAMETERS = st.sampled_from(["grant_type", "client_id", "device_code", "scope", "client_secret"])
VALUES = st.sampled_from([DEVICE_GRANT, "moby-cli", "authorization_code", ""]) | TEXT


@fuzzed
@given(form=st.lists(st.tuples(PARAMETERS | TEXT, VALUES), max_size=6))
@pytest.mark.parametrize("path", ["/oauth/token", "/login/oauth/access_token"])
def test_any_form_gets_no_token(path: str, form: list[tuple[str, str]]) -> None:
    answer = Client().post(path, urlencode(form), FORM)
    assert answer.status_code in (400, 401)
    assert set(answer.json()) == {"error", "error_description"}
    assert not AccessToken.objects.exists()


@fuzzed
@given(body=st.binary(max_size=300), kind=st.sampled_from([FORM, "application/json"]) | HEADER)
@pytest.mark.parametrize(
    "path",
    ["/oauth/token", "/oauth/device_authorization", "/oauth/revoke", "/login/device/code",
     "/login/oauth/access_token", "/oauth/device_authorization/cancel"],
)  # fmt: skip
def test_any_bytes_are_answered_in_the_shape_of_oauth(path: str, body: bytes, kind: str) -> None:
    answer = Client().post(path, body, kind)
    assert answer.status_code in (200, 400, 401)
    assert answer.status_code == 200 or "error" in answer.json()
    assert not AccessToken.objects.exists()
    assert not DeviceLogin.objects.exclude(state=DeviceLogin.State.PENDING).exists()


CELL = st.sampled_from(["44", "+44", "GB", "fixed", "0.01", "-1", "1e9", "NaN", "60", "0", "", "x"])
ROWS = st.lists(st.lists(CELL | TEXT, min_size=7, max_size=9).map(",".join), max_size=5)
DECKS = TEXT | st.text(max_size=400) | ROWS.map(lambda rows: "\n".join([",".join(COLUMNS), *rows]))


@fuzzed
@given(text=DECKS)
def test_any_file_is_imported_whole_or_refused_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deck.csv"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    before = RateDeck.objects.count()
    refused = False
    try:
        with contextlib.redirect_stdout(None):
            call_command("import_rates", str(path), "--allow-gaps", "--allow-jumps")
    except CommandError:
        refused = True
    assert not refused or RateDeck.objects.count() == before
    for deck in RateDeck.objects.all():
        assert deck.rates.count() == deck.row_count > 0


@fuzzed
@given(
    text=st.just("\x00") | st.text(max_size=40),
    path=st.sampled_from(["tokens", "calls", "topups", "caller-ids", "sessions"]),
    method=st.sampled_from(["GET", "DELETE"]),
)
def test_any_id_is_not_found(alice: User, text: str, path: str, method: str) -> None:
    if not AccessToken.objects.exists():
        belongings(alice)
    before = state_of(alice)
    token = new_token(alice, name="fuzz")
    client = Client(headers={"Authorization": f"Bearer {token.secret}"})
    try:
        answer = client.generic(method, f"/api/cli/v1/{path}/{quote(text, safe='')}")
    finally:
        token.row.delete()
    assert answer.status_code in (404, 405)
    assert state_of(alice) == before


@fuzzed
@given(
    query=st.dictionaries(
        st.sampled_from(["after", "cursor", "since", "limit", "number", "state", "format"]),
        st.just("\x00") | TEXT,
        max_size=3,
    ),
    path=st.sampled_from(["tokens", "calls", "topups", "transactions", "rates", "sessions"]),
)
def test_any_query_is_answered_or_refused(alice: User, query: dict[str, str], path: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {new_token(alice).secret}"})
    answer = client.get(f"/api/cli/v1/{path}", query)
    AccessToken.objects.all().delete()
    assert answer.status_code in (200, 400, 403, 404)
    assert answer.status_code == 200 or answer.json()["error"]["code"]
