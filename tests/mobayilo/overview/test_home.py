"""The first steps of a newcomer, and what an account spent and called, added up."""

from django.conf import settings
from django.test import Client

from accounts.models import AccessToken, User
from accounts.tokens.lifecycle import rotate_token
from tests.mobayilo.overview.home import home
from tests.people import new_token
from tests.web.scenes import CALLS, busy_customer, credit, past_call, proved_phone


def test_newcomer_sees_what_to_do_first(client: Client, alice: User) -> None:
    page = home(client, alice)
    assert settings.MOBY_INSTALL_COMMAND in page
    assert page.count('class="is-done"') == 0
    assert "Last calls" not in page


def test_step_that_is_done_is_ticked(client: Client, alice: User) -> None:
    new_token(alice, kind=AccessToken.Kind.DEVICE)
    proved_phone(alice)
    credit(alice.account, 5_000_000)
    page = home(client, alice)
    assert page.count('class="is-done"') == 4
    assert settings.MOBY_INSTALL_COMMAND not in page


def test_checklist_goes_with_the_first_call(client: Client, alice: User) -> None:
    credit(alice.account, 20_000_000)
    past_call(alice, proved_phone(alice), CALLS[0])
    page = home(client, alice)
    assert "first call" not in page
    assert "+44 20 7946 0018" in page


def test_spending_adds_up_to_what_the_calls_cost(client: Client, alice: User) -> None:
    busy_customer(alice, calls=8)
    page = home(client, alice)
    seconds = sum(seconds for *_, seconds in CALLS)
    assert f"${seconds * 700 / 1_000_000:.4f}".rstrip("0") in page
    assert "United Kingdom" in page
    assert f"{3725 / 60:.1f} min" in page


def test_token_about_to_expire_is_announced(client: Client, alice: User) -> None:
    new_token(alice, name="nightly report", days=3)
    new_token(alice, name="later one", days=20)
    rotate_token(new_token(alice, name="replaced one", days=3).row)
    page = home(client, alice)
    assert "nightly report" in page
    assert "later one" not in page
    assert page.count("replaced one") <= 1


def test_many_tokens_about_to_expire_are_one_notice(client: Client, alice: User) -> None:
    for day in (5, 2, 4):
        new_token(alice, name=f"token of {day} days", days=day)
    page = home(client, alice)
    assert page.count("notice-warning") == 1
    assert "token of 2 days" in page
    assert "2 more expire within a week." in page


def test_spending_is_a_picture_with_its_figures_behind(client: Client, alice: User) -> None:
    busy_customer(alice, calls=8)
    chart = home(client, alice).partition("<figure")[2].partition("</figure>")[0]
    assert 'role="img"' in chart
    assert 'aria-label="Spending on each of the last 30 days"' in chart
    days = chart.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr>")
    assert days == chart.count('class="chart-bar"') > 1
    assert "Total" in chart.partition("<tfoot>")[2]
