"""The checklist of a newcomer."""

from django.conf import settings
from django.test import Client

from accounts.models import AccessToken, User
from tests.mobayilo.overview.home import home
from tests.people import new_token
from tests.web.scenes import CALLS, credit, past_call, proved_phone


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
