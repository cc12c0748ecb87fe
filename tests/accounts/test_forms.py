"""The form of a token."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccessToken, User
from tests.accounts.browser import shown_terms, sign_in
from tests.accounts.token_pages import create, terms
from tests.people import new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "taken"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["calls:fly"]}, "scopes"),
        ({"expires": "3650"}, "expires"),
        ({"expires": "date"}, "expires_on"),
        ({"expires": "date", "expires_on": "2020-01-01"}, "expires_on"),
        ({"max_per_day": "1.005"}, "max_per_day"),
        ({"max_per_call": "0"}, "max_per_call"),
        ({"destinations": "ZZ"}, "destinations"),
        ({"caller_ids": "020"}, "caller_ids"),
    ],
)
def test_token_form_names_what_is_wrong(
    alice: User, changes: dict[str, object], field: str
) -> None:
    new_token(alice, name="taken")
    answer = sign_in(alice).post("/settings/tokens/new", {**terms(), **changes})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert AccessToken.objects.count() == 1


def test_link_fills_the_form_in_and_makes_nothing(alice: User) -> None:
    browser = sign_in(alice)
    link = "/settings/tokens/new?name=deploy&scopes=calls:read,billing:read&expires=7"
    shown = shown_terms(browser, link)
    assert (shown["name"], shown["expires"]) == ("deploy", "7")
    assert shown["scopes"] == ["calls:read", "billing:read"]
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("expires", "days"),
    [("14", 14), ("1", 1), ("²", 30), ("١٤", 30), ("", 30), ("9999", 365), ("0", 365), ("-1", 30)],
)
def test_form_that_a_link_filled_in_is_taken(alice: User, expires: str, days: int) -> None:
    browser = sign_in(alice)
    query = urlencode({"name": "deploy", "scopes": "calls:read", "expires": expires})
    create(browser, **shown_terms(browser, f"/settings/tokens/new?{query}"))
    token = AccessToken.objects.get()
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days == days


def test_form_offers_a_date_and_for_ever_where_allowed(alice: User, settings: Settings) -> None:
    browser = sign_in(alice)
    day = (timezone.localdate() + timedelta(days=12)).isoformat()
    create(browser, name="dated", expires="date", expires_on=day)
    dated = AccessToken.objects.get(name="dated")
    assert dated.expires_at is not None
    assert (dated.expires_at - dated.created_at).days == 12
    form = browser.get("/settings/tokens/new").context["form"]
    assert "never" not in dict(form.fields["expires"].choices).values()
    settings.TOKEN_MAY_LAST_FOR_EVER = True
    create(browser, name="ever", expires="0")
    assert AccessToken.objects.get(name="ever").expires_at is None
