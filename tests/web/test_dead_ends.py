"""No page is a dead end: each address leads somewhere, and a refusal says so where it is."""

import re

import pytest
from django.utils import timezone

from accounts.models import AccessToken, User
from billing.models import TopUp
from tests.accounts.browser import sign_in
from tests.people import new_token
from tests.production.addresses import addresses, belongings
from tests.web.scenes import credit, paid_topup, proved_phone, waiting_phone

# Answer part of a page, or JSON, to a script; no link leads there.
FOR_SCRIPTS = {"calls/<str:public_id>/state", "numbers/check", "accounts/2fa/webauthn/login/"}


def test_each_address_of_a_page_leads_to_a_page(alice: User) -> None:
    listed = addresses(belongings(alice))
    client = sign_in(alice)
    pages = [a for a in listed if a.is_page and not a.is_admin and a.pattern not in FOR_SCRIPTS]
    dead = {
        a.pattern
        for a in pages
        if (answer := client.get(a.path)).status_code == 405
        or (answer.status_code == 200 and not answer.streaming and not answer.content)
    }
    assert len(pages) > 50
    assert dead == set()


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("caller-ids/confirm", "/caller-ids"),
        ("caller-ids/{phone}/remove", "/caller-ids"),
        ("settings/tokens/{token}/rotate", "/settings/tokens"),
        ("settings/tokens/revoke-all", "/settings/tokens"),
        ("topup/{topup}/refund", "/topup/{topup}"),
        ("topup/{topup}/cancel", "/topup/{topup}"),
        ("device/approve", "/device/confirm"),
    ],
)
def test_address_that_takes_a_form_leads_back_to_it_and_does_nothing(
    alice: User, path: str, page: str
) -> None:
    ids = {
        "phone": proved_phone(alice).public_id,
        "token": new_token(alice).row.public_id,
        "topup": paid_topup(alice).public_id,
    }
    client = sign_in(alice)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3_600  # so long ago that the form itself would ask who it is
    if "device" not in path:
        session.save()
    assert client.get(f"/{path.format(**ids)}").headers["Location"] == page.format(**ids)
    token = AccessToken.objects.get(user=alice)
    assert (token.revoked_at, token.rotated_at) == (None, None)


def test_code_can_be_sent_again_spoken_or_go_elsewhere(alice: User) -> None:
    waiting_phone(alice)
    page = " ".join(sign_in(alice).get("/caller-ids").content.decode().split())
    assert "We sent a text message with a code to +44 7400 123456. Tries left: 4." in page
    form = page.partition('name="number" value="+447400123456"')[2].partition("</form>")[0]
    assert re.findall(r'value="(\w+)" class="[^"]*">([^<]+)<', form) == [
        ("sms", "Send it again"),
        ("call", "Call me with the code"),
    ]
    assert 'href="#id_number"' in form


def test_replaced_secret_says_until_when_it_works_and_ends_now(alice: User) -> None:
    token = new_token(alice, name="nightly").row
    client = sign_in(alice)
    client.post(f"/settings/tokens/{token.public_id}/rotate")
    page = " ".join(client.get("/settings/tokens").content.decode().split())
    assert "replaced: the old secret works until <time" in page
    assert "End it now" in page
    client.post(f"/settings/tokens/{token.public_id}/revoke")
    token.refresh_from_db()
    assert not token.is_live
    assert AccessToken.objects.live().filter(user=alice, name="nightly").count() == 1


@pytest.mark.parametrize(
    ("path", "questions"),
    [
        ("/settings/tokens", {"Replace the secret?", "Revoke this token?", "Revoke every token"}),
        ("/settings/devices", {"Replace the secret?", "Sign this device out?"}),
        ("/caller-ids", {"Remove this phone?"}),
        ("/accounts/sessions/", {"Sign this browser out?", "Sign all other browsers out?"}),
        ("/topup/{paid}", {"How much should go back to your card?"}),
        ("/topup/{waiting}", {"Cancel this top-up?"}),
    ],
)
def test_what_cannot_be_taken_back_is_asked_about_with_a_way_back(
    alice: User, path: str, questions: set[str]
) -> None:
    credit(alice.account, 20_000_000)
    proved_phone(alice)
    new_token(alice)
    new_token(alice, kind="dev")
    ids = {
        "paid": paid_topup(alice).public_id,
        "waiting": paid_topup(alice, status="pending", paid_at=None).public_id,
    }
    sign_in(alice)
    page = sign_in(alice).get(path.format(**ids)).content.decode()
    blocks = page.split('<div class="question"')[1:]
    for begin in questions:
        [block] = [b for b in blocks if begin in b][:1] or [""]
        assert "data-keep" in block, begin
        assert 'method="post"' in block, begin


def test_refund_is_not_filled_in(alice: User) -> None:
    credit(alice.account, 20_000_000)
    page = sign_in(alice).get(f"/topup/{paid_topup(alice).public_id}").content.decode()
    [amount] = re.findall(r'<input[^>]*name="amount"[^>]*>', page)
    assert "value=" not in amount


def test_canceled_topup_is_called_canceled(alice: User) -> None:
    topup = paid_topup(alice, status="expired", paid_at=None)
    page = sign_in(alice).get(f"/topup/{topup.public_id}").content.decode()
    assert "closed by itself" in page
    TopUp.objects.update(canceled_at=timezone.now())
    page = sign_in(alice).get(f"/topup/{topup.public_id}").content.decode()
    assert "You canceled this top-up" in page
    assert "Canceled</span>" in page
