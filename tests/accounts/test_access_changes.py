"""Changes of the users who may act for an account: every user of the account gets a mail."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.models import AuditEvent, OutboxMail, User
from tests.accounts.browser import sign_in
from tests.accounts.second_factor import set_up_factor
from tests.people import PASSWORD, person

pytestmark = [pytest.mark.django_db, pytest.mark.db]
ADD_USER = "/admin/accounts/user/add/"
ALICE, BOB = "alice@example.org", "bob@example.org"


@pytest.fixture
def helper(db: None) -> User:
    """An operator, with a private address beside the one of work."""
    user = person("sam@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name="operator"))
    EmailAddress.objects.create(user=user, email="sam@private.example", verified=True)
    return user


def add(helper: User, email: str, to: User | None) -> int:
    sent = {
        "email": email,
        "account_id": to.account.public_id if to else "",
        "reason": "ticket 4711",
    }
    return sign_in(helper).post(ADD_USER, sent).status_code


def act(helper: User, page: str, action: str, row: User | OutboxMail) -> None:
    sent = {
        "action": action,
        "_selected_action": row.pk,
        "with_reason": "yes",
        "reason": "4711 said",
    }
    assert sign_in(helper).post(f"/admin/accounts/{page}/", sent).status_code == 302


def mails_about(who: str) -> dict[str, str]:
    """The notices that went out about a user, by the address that they went to."""
    call_command("send_notices")
    told = [one for one in mail.outbox if one.subject == "Who may use your account has changed"]
    return {one.to[0]: str(one.body) for one in told if who in str(one.body)}


def test_support_that_adds_an_address_of_its_own_is_noticed(
    helper: User, alice: User, bob: User
) -> None:
    """The whole attack: add, reset, sign in. Only the first step needs support's rights."""
    assert add(helper, "sam.the.thief@mail.example", alice) == 302
    told = mails_about("sam.the.thief@mail.example")
    assert set(told) == {ALICE, BOB}
    assert "Support added" in told["bob@example.org"]
    thief = User.objects.get(email="sam.the.thief@mail.example")
    thief.set_password(PASSWORD)
    thief.save()
    shown = sign_in(alice).get("/settings/security").content.decode()
    assert "User sam.the.thief@mail.example added to the account" in shown
    assert helper.email not in shown
    assert AuditEvent.objects.get(action="user.added").user == helper


@pytest.mark.parametrize(
    "email",
    ["sam@example.com", "SAM+alice@example.com", "sam@private.example", "Sam+1@private.example"],
)
def test_staff_add_no_address_of_staff_to_an_account(helper: User, alice: User, email: str) -> None:
    assert add(helper, email, alice) == 200
    assert alice.account.users.count() == 1
    assert not mails_about("am")


def test_address_that_is_anyones_second_one_is_not_added(helper: User, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="alice.home@example.org", verified=True)
    assert add(helper, "alice.home@example.org", None) == 200


def test_user_with_an_account_of_their_own_is_news_for_themselves_only(
    helper: User, alice: User
) -> None:
    assert add(helper, "new@example.org", None) == 302
    assert not mails_about("new@example.org")


@pytest.mark.parametrize(
    ("action", "words", "readers"),
    [
        ("lock", "Support locked bob@example.org", {ALICE, BOB}),
        ("unlock", "Support unlocked bob@example.org", {ALICE, BOB}),
        # He has a mail of his own about it.
        ("remove_second_factor", "Support removed the second factor of bob@example.org", {ALICE}),
    ],
)
def test_what_support_changes_about_a_user_is_shown_to_everyone(
    helper: User, alice: User, bob: User, charlie: User, action: str, words: str, readers: set[str]
) -> None:
    set_up_factor(bob)
    User.objects.filter(pk=bob.pk).update(is_active=action != "unlock")
    for _ in range(2):  # the second time changes nothing
        act(helper, "user", action, bob)
    told = mails_about("bob@example.org")
    assert set(told) == readers
    assert all(words in text for text in told.values())
    sent = OutboxMail.objects.filter(template="accounts/mail/access_changed")
    assert sent.count() == len(readers)


def test_user_whom_a_superuser_lets_in_again_is_shown_to_everyone(alice: User, bob: User) -> None:
    boss = person("root@example.com", is_staff=True, is_superuser=True)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    path = f"/admin/accounts/user/{bob.pk}/change/"
    assert (
        sign_in(boss).post(path, {"is_active": "on", "reason": "back from leave"}).status_code
        == 302
    )
    assert set(mails_about("unlocked bob@example.org")) == {ALICE, BOB}


def test_link_to_a_new_password_that_support_sends_is_shown_to_the_others(
    helper: User, alice: User, bob: User
) -> None:
    Client().post("/accounts/password/reset/", {"email": bob.email})
    act(helper, "outboxmail", "send_again", OutboxMail.objects.get())
    assert set(mails_about("Support sent bob@example.org a link")) == {ALICE}


def test_new_address_of_a_user_is_shown_to_the_others(alice: User, bob: User) -> None:
    browser = sign_in(bob)
    answer = browser.post("/accounts/email/", {"action_add": "", "email": "robert@example.org"})
    if "reauthenticate" in answer.get("Location", ""):
        browser.post(answer["Location"], {"password": PASSWORD})
    confirmation = next(one for one in mail.outbox if one.to == ["robert@example.org"])
    path = str(confirmation.body).partition("/accounts/confirm-email/")[2].split()[0]
    browser.post(f"/accounts/confirm-email/{path}")
    assert User.objects.get(pk=bob.pk).email == "robert@example.org"
    told = mails_about("bob@example.org now signs in as robert@example.org")
    assert set(told) == {ALICE}


def test_addresses_are_not_changed_or_confirmed_in_the_admin(helper: User, alice: User) -> None:
    browser = sign_in(helper)
    row = EmailAddress.objects.get(user=alice)
    pages = ("add", f"{row.pk}/change", f"{row.pk}/delete")
    sent = {"email": "sam@private.example", "user": alice.pk, "verified": "on", "post": "yes"}
    for page in pages:
        assert browser.post(f"/admin/account/emailaddress/{page}/", sent).status_code == 403
    path = f"/admin/accounts/user/{alice.pk}/change/"
    assert browser.post(path, {"email": "sam@private.example"}).status_code == 403
