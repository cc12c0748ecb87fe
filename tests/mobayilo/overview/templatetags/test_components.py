"""The components of pages: what a person sees, and where the focus is."""

import re
from pathlib import Path

from django import forms
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from billing.models import TopUp
from mobayilo.overview.navigation import MAIN, SETTINGS
from mobayilo.overview.templatetags.components import STATES
from telephony.models import Call
from tests.accounts.browser import sign_in
from tests.web.scenes import waiting_phone


def focused(page: str) -> list[str]:
    """The tags that have the focus when the page opens, by their order."""
    return [tag for tag in re.findall(r"<[^>]*>", page) if re.search(r"\sautofocus\b", tag)]


def test_refused_form_says_so_in_its_title_and_focuses_the_first_error(alice: User) -> None:
    client = sign_in(alice)
    for path, sent, name in (
        ("/topup", {"amount": "1,50"}, "amount"),
        ("/settings/tokens/new", {"name": "", "expires": "30"}, "name"),
        ("/accounts/password/change/", {"oldpassword": "wrong"}, "oldpassword"),
        ("/caller-ids", {"number": "12"}, "number"),
    ):
        page = client.post(path, sent).content.decode()
        assert "<title>Error: " in page, path
        assert [f'name="{name}"' in tag for tag in focused(page)] == [True], path
    assert "<title>Top up" in client.get("/topup").content.decode()


def test_error_of_no_field_has_the_focus(client: Client, alice: User) -> None:
    page = client.post("/accounts/login/", {"login": alice.email, "password": "wrong"})
    assert [' class="form-errors"' in tag for tag in focused(page.content.decode())] == [True]


class Refused(forms.Form):
    """Lacks its name, and is refused as a whole too."""

    name = forms.CharField()

    def clean(self) -> None:
        raise forms.ValidationError("Refused.")


def test_error_of_the_form_takes_the_focus_from_that_of_a_field() -> None:
    page = Template("{% load components %}{{ form.non_field_errors }}{% field form.name %}")
    shown = page.render(Context({"form": Refused({})}))
    assert "This field is required." in shown
    assert focused(shown) == []


def test_refused_number_has_the_focus_before_a_code_that_waits(alice: User) -> None:
    waiting_phone(alice)
    client = sign_in(alice)
    opened = client.get("/caller-ids").content.decode()
    assert ['name="code"' in tag for tag in focused(opened)] == [True]
    refused = client.post("/caller-ids", {"number": "12"}).content.decode()
    assert ['name="number"' in tag for tag in focused(refused)] == [True]


def test_each_state_has_a_badge_of_its_own_and_a_new_one_stays_quiet() -> None:
    assert {*Call.State.values, *TopUp.Status.values} <= STATES.keys()
    page = Template("{% load components %}{% for s in states %}{% state_badge s %}{% endfor %}")
    shown = page.render(Context({"states": ["busy", "answered", "state_to_come"]}))
    assert re.findall(r'class="badge badge-(\w+)">([^<]+)<', shown) == [
        ("warn", "Busy"),
        ("good", "In call"),
        ("quiet", "State to come"),
    ]


def test_each_icon_that_a_page_names_is_drawn() -> None:
    pages = "".join(page.read_text() for page in Path("templates").rglob("*.html"))
    named = {*re.findall(r'{% icon "([^"]+)" %}', pages), *(p.icon for p in (*MAIN, *SETTINGS))}
    shown = Template('{% load components %}{% icon "house" %}').render(Context())
    assert 'href="/static/lucide/icons.svg#house"' in shown
    sprite = Path(str(finders.find("lucide/icons.svg"))).read_text()
    assert len(named) > 20
    assert named <= {*re.findall(r'<symbol id="([^"]+)"', sprite)}


def test_support_is_an_address_or_the_page_that_leads_to_it(settings: Settings) -> None:
    page = Template("{% load components %}{% support_link %}")
    settings.SUPPORT_EMAIL = "help@example.com"
    assert page.render(Context()) == '<a href="mailto:help@example.com">help@example.com</a>'
    settings.SUPPORT_EMAIL = ""
    assert page.render(Context()) == '<a href="/contact">support</a>'


def test_more_is_current_on_the_pages_behind_it(alice: User) -> None:
    client = sign_in(alice)
    current = re.compile(r'<summary\s+aria-current="true"')
    for path in ("/home", "/caller-ids"):
        assert not current.search(client.get(path).content.decode()), path
    for path in ("/statement", "/settings/tokens"):
        assert current.search(client.get(path).content.decode()), path
