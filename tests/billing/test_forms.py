"""The form of a top-up."""

import pytest
from django.test import Client
from pytest_django import Settings

from billing.models import TopUp

pytestmark = [pytest.mark.db, pytest.mark.django_db]
TOPUP = "/topup"


@pytest.mark.parametrize("amount", ["", "4.99", "4", "abc", "1e9", "-5", "1,000", "20,50", "0x14"])
def test_topup_page_says_what_is_wrong_with_an_amount(browser: Client, amount: str) -> None:
    answer = browser.post(TOPUP, {"amount": amount})
    assert answer.status_code == 400
    assert 'class="errorlist' in answer.content.decode()
    assert not TopUp.objects.exists()


def test_topup_page_ties_the_limits_to_the_amount(browser: Client) -> None:
    page = browser.get(TOPUP).content.decode()
    assert "From $5.00 to $100.00." in page
    assert 'aria-describedby="id_amount_helptext"' in page
    assert '<label for="id_amount">Amount in US dollars</label>' in page


def test_topup_page_offers_what_the_account_may_pay(browser: Client, settings: Settings) -> None:
    settings.TOPUP_MAX_CENTS_NEW_ACCOUNT = 2_000
    page = browser.get(TOPUP).content.decode()
    assert 'value="$20.00"' in page
    assert 'value="$50.00"' not in page
