"""The search that leads support to an account."""

import pytest

from accounts.models import AccessToken, AuditEvent, User
from accounts.secrets import new_secret
from billing.models import Hold, StripeEvent, TopUp, Transfer
from telephony.models import Call, CallerId, RefusedCall, Verification
from tests.mobayilo.overview.support.pages import page_of
from tests.people import new_token
from tests.web.support_desk import REQUEST_ID, SESSION_ID, desk_of, something_of_everything

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize(
    "quoted",
    [
        "alice@example.org", " ALICE@example.org ", "alice@", "alice", "lice",
        "+44 (0)7400 999888", "07400 999 888", "0044 7400 999888", "tel:+447400999888", "999888",
        "+49 30 12345678", "03012345678", "12345678", "(0)30-1234 5678", REQUEST_ID, SESSION_ID,
        "Alice B. <alice@example.org>", "mailto:alice@example.org", "(alice@example.org),",
        f"Request {REQUEST_ID}.", f"“{SESSION_ID}”",
    ],
)  # fmt: skip
def test_search_finds_the_account(alice: User, charlie: User, quoted: str) -> None:
    something_of_everything(alice)
    answer = desk_of("support").get("/admin/accounts/account/search/", {"q": quoted})
    assert (answer.status_code, answer["Location"]) == (302, page_of(alice))


@pytest.mark.parametrize(
    "model", [Call, CallerId, Verification, TopUp, Hold, Transfer, AccessToken]
)
def test_search_finds_the_account_by_any_id(
    alice: User, model: type[Call | CallerId | Verification | TopUp | Hold | Transfer | AccessToken]
) -> None:
    something_of_everything(alice)
    row = model._default_manager.latest("id")
    desk = desk_of("support")
    answer = desk.get("/admin/accounts/account/search/", {"q": row.public_id}, follow=True)
    assert answer.redirect_chain[-1][0] == page_of(alice)
    assert f"/{row._meta.model_name}/{row.pk}/change/" in answer.content.decode()


def test_search_lists_what_several_accounts_have(alice: User, charlie: User) -> None:
    something_of_everything(alice)
    RefusedCall.objects.create(
        account=charlie.account, user=charlie, to_text="1", code="no_rate", message="",
        request_id=REQUEST_ID,
    )  # fmt: skip
    answer = desk_of("support").get("/admin/accounts/account/search/", {"q": REQUEST_ID})
    assert answer.status_code == 200
    assert page_of(alice) in answer.content.decode()
    assert page_of(charlie) in answer.content.decode()


def test_search_by_the_last_four_of_a_token(alice: User, charlie: User) -> None:
    token = new_token(alice).row
    answer = desk_of("support").get("/admin/accounts/account/search/", {"q": token.last_four})
    assert answer["Location"] == page_of(alice)


def test_search_by_a_whole_token_does_not_repeat_it(alice: User, charlie: User) -> None:
    desk, ours, other = desk_of("support"), new_token(alice).secret, new_secret("pat")
    found = desk.get("/admin/accounts/account/search/", {"q": f"My token is {ours}."})
    assert found["Location"] == page_of(alice)
    unknown = desk.get("/admin/accounts/account/search/", {"q": other}).content.decode()
    assert "Nothing is found" in unknown
    assert other not in unknown


def test_search_by_an_id_of_stripe_leads_to_the_account(alice: User) -> None:
    something_of_everything(alice)
    topup = TopUp.objects.latest("id")
    topup.disputes.create(stripe_id="du_1Q", kind="dispute", amount_micros=1)
    desk = desk_of("support")
    answer = desk.get("/admin/accounts/account/search/", {"q": "du_1Q"})
    assert answer["Location"] == page_of(alice)
    event = StripeEvent.objects.latest("id").stripe_id
    shown = desk.get("/admin/accounts/account/search/", {"q": event}).content.decode()
    assert page_of(alice) in shown


@pytest.mark.parametrize("text", ["", "nobody@example.net", "call_unknown", "+4930", "%", "_"])
def test_search_that_finds_nothing_says_so(alice: User, text: str) -> None:
    answer = desk_of("support").get("/admin/accounts/account/search/", {"q": text})
    assert answer.status_code == 200
    assert ("Nothing is found" in answer.content.decode()) is bool(text)
    looks = AuditEvent.objects.filter(action="support.looked")
    assert [look.account for look in looks] == [None] * bool(text)
