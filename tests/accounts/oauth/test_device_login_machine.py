"""No sequence of events gives a second token, or a token after a refusal or the end."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import AccessToken, DeviceLogin, User
from accounts.tokens.lifecycle import revoke_token
from tests.accounts.device_logins import approve, deny, poll, start
from tests.people import api_client, person

TERMINAL = {"access_denied", "expired_token", "invalid_grant"}


class OneLogin(RuleBasedStateMachine):
    """A device, its owner and a stranger, in any order and at any pace."""

    @initialize()
    def begin(self) -> None:
        # No login waits at this address any more: test_endpoints.py tests how many may.
        cache.clear()
        DeviceLogin.objects.filter(state=DeviceLogin.State.PENDING).delete()
        self.clock = time_machine.travel(timezone.now(), tick=False)
        self.now = self.clock.start()
        number = User.objects.count()
        self.owner = person(f"owner{number}@example.org")
        self.stranger = person(f"stranger{number}@example.org")
        self.client = Client()
        self.body = start(self.client)
        self.started = timezone.now()
        self.row = DeviceLogin.objects.get(pk=DeviceLogin.objects.latest("id").pk)
        self.holder: User | None = None
        self.decision = "pending"
        self.secret = ""

    @property
    def is_over(self) -> bool:
        return timezone.now() >= self.started + timedelta(seconds=600)

    @rule(seconds=st.sampled_from([0, 1, 4, 5, 10, 60, 301, 600]))
    def wait(self, seconds: int) -> None:
        self.now.shift(timedelta(seconds=seconds))

    @rule(mine=st.booleans())
    def say_yes(self, mine: bool) -> None:
        who = self.owner if mine else self.stranger
        possible = self.decision == "pending" and not self.is_over
        possible = possible and self.holder in (None, who)
        assert approve(self.body["user_code"], who) is possible
        if possible:
            self.decision, self.holder = "approved", who

    @rule(mine=st.booleans())
    def say_no(self, mine: bool) -> None:
        who = self.owner if mine else self.stranger
        possible = self.decision == "pending" and not self.is_over
        possible = possible and self.holder in (None, who)
        assert deny(self.body["user_code"], who) is possible
        if possible:
            self.decision, self.holder = "denied", who

    @rule()
    def ask(self) -> None:
        status, answer = poll(self.client, self.body["device_code"])
        if self.decision == "approved" and not self.is_over and not self.secret:
            assert status == 200
            self.secret = answer["access_token"]
            return
        assert status == 400
        waiting = self.decision == "pending" and not self.is_over
        assert (answer["error"] in {"authorization_pending", "slow_down"}) is waiting
        assert waiting or answer["error"] in TERMINAL

    @rule()
    def revoke(self) -> None:
        if self.secret:
            revoke_token(AccessToken.objects.get(device_login=self.row), reason="by hand")
            used = api_client(self.secret).get("/api/cli/v1/token")
            assert used.status_code == 401

    @invariant()
    def there_is_at_most_one_token_and_it_was_granted(self) -> None:
        count = AccessToken.objects.filter(user__in=[self.owner, self.stranger]).count()
        assert count == (1 if self.secret else 0)
        if count:
            assert AccessToken.objects.get(device_login=self.row).user == self.holder

    def teardown(self) -> None:
        self.clock.stop()


@pytest.mark.django_db
def test_device_login_gives_one_granted_token_in_any_order() -> None:
    run_state_machine_as_test(
        OneLogin,
        settings=settings(
            max_examples=60,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
