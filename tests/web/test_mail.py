"""Mails, in text and in HTML, from one wording."""

import re
from pathlib import Path
from typing import cast

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import User
from tests.accounts.browser import sign_in
from tests.accounts.credentials import change_password

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def newest() -> tuple[str, str, str]:
    """Subject, text and HTML of the last mail."""
    sent = cast(EmailMultiAlternatives, mail.outbox[-1])
    return str(sent.subject), str(sent.body), str(sent.alternatives[0][0])


def test_sign_up_mail_holds_one_link_in_both_forms(client: Client, db: None) -> None:
    form = {"email": "dora@example.org", "password1": "correct horse battery"}
    client.post("/accounts/signup/", form)
    subject, text, html = newest()
    links = re.findall(r"http://\S+/confirm-email/\S+/", text)
    assert subject == "Confirm your email address"
    assert len(links) == 1
    assert f'href="{links[0]}"' in html
    assert "Welcome to Mobayilo" in text
    assert "Welcome to Mobayilo" in html


def test_reset_mail_leads_to_a_new_password(client: Client, alice: User) -> None:
    client.post("/accounts/password/reset/", {"email": alice.email})
    link = re.search(r"http://[^/]+(/\S+)", newest()[1])
    assert link is not None
    page = client.get(link[1], follow=True).content.decode()
    assert 'name="password1"' in page


def test_change_of_password_is_mailed_with_address_and_browser(client: Client, alice: User) -> None:
    client.force_login(alice)
    form = {"oldpassword": "correct horse battery", "password1": "another long one 9"}
    client.post("/accounts/password/change/", {**form, "password2": form["password1"]})
    subject, text, html = newest()
    assert subject == "Your password was changed"
    assert "127.0.0.1" in text
    assert "127.0.0.1" in html


@pytest.mark.parametrize("form", ["txt", "html"])
def test_mail_shows_markup_of_strangers_as_text(form: str) -> None:
    body = render_to_string(
        f"account/email/password_changed_message.{form}", {"user_agent": "<b>evil</b>"}
    )
    assert ("<b>evil</b>" in body) is (form == "txt")


ROOM_MAILS = sorted(
    path.relative_to(TEMPLATES).with_suffix("").as_posix()
    for room in ("accounts", "billing", "telephony")
    for path in TEMPLATES.glob(f"{room}/mail/*.txt")
    if not path.stem.endswith("_subject")
)


@pytest.mark.parametrize("name", ROOM_MAILS)
def test_mail_of_a_room_comes_as_text_and_html_in_the_layout(name: str) -> None:
    context = {"site_url": "https://example.org", "name": "ci & co", "scopes": ["See calls"]}
    text = render_to_string(f"{name}.txt", context)
    html = render_to_string(f"{name}.html", context)
    assert "<" not in text
    assert "cannot call emergency numbers" in text
    assert "<html" in html
    assert "cannot call emergency numbers" in html
    assert "\n" not in render_to_string(f"{name}_subject.txt", context).strip()


OTHER_MAILS = sorted(
    path.relative_to(TEMPLATES).as_posix().removesuffix("_message.txt")
    for room in ("account", "mfa")
    for path in TEMPLATES.glob(f"{room}/email/*_message.txt")
)


@pytest.mark.parametrize("name", OTHER_MAILS)
def test_mail_of_signing_in_comes_as_text_and_html_in_the_layout(name: str) -> None:
    link = "https://example.org/accounts/x/"
    context = {
        **dict.fromkeys(("activate_url", "password_reset_url", "signup_url"), link),
        "user_agent": "Firefox & co",
        "ip": "192.0.2.7",
    }
    text = render_to_string(f"{name}_message.txt", context)
    html = render_to_string(f"{name}_message.html", context)
    for form in (text, html):
        assert "cannot call emergency numbers" in form
        assert (link in text) == (link in form)
    assert "<" not in text
    assert "&amp; co" not in text
    assert "<html" in html
    assert "\n" not in render_to_string(f"{name}_subject.txt", context).strip()


@pytest.mark.django_db
def test_mail_about_security_names_the_browser_and_leads_to_the_page(alice: User) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    change_password(sign_in(alice, Client(headers={"User-Agent": agent})))
    [text] = [str(one.body) for one in mail.outbox if "was changed" in str(one.body)]
    assert "Browser: Firefox on Linux\n" in text
    assert "/settings/security" in text
    assert "Gecko" not in text
