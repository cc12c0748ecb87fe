"""A deck that was a mistake is taken back, and the one before it returns."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AuditEvent, User
from telephony.models import Call, RateDeck
from telephony.rates.deck import find_rate
from tests.telephony.callers import DESTINATION, make_call
from tests.telephony.decks import DECK

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def withdraw(deck: RateDeck, *options: str) -> str:
    printed = StringIO()
    call_command("withdraw_deck", str(deck.pk), "--reason=a slip", *options, stdout=printed)
    return printed.getvalue()


@pytest.fixture
def mistake(deck: Path) -> RateDeck:
    deck.write_text(DECK.replace("GB,fixed,0.012", "GB,fixed,0.12"))
    call_command("import_rates", str(deck), "--allow-jumps", stdout=StringIO())
    return RateDeck.objects.latest("id")


def price() -> int:
    rate = find_rate(DESTINATION)
    assert rate is not None
    return rate.price.micros_per_minute


def test_price_returns_and_running_calls_keep_theirs(mistake: RateDeck, alice: User) -> None:
    dear = mistake.rates.get(prefix="44").micros_per_minute
    running = make_call(alice, state="dialing", settled_at=None)
    Call.objects.update(leg_b_micros_per_minute=dear)
    told = withdraw(mistake)
    assert "~ +44 United Kingdom: $0.12 60/60 → $0.012 60/60" in told
    assert price() == 12_000
    running.refresh_from_db()
    assert (running.deck, running.price.leg_b.micros_per_minute) == (mistake, 120_000)


def test_withdrawal_twice_is_one_event(mistake: RateDeck) -> None:
    withdraw(mistake)
    assert "nothing to do" in withdraw(mistake)
    event = AuditEvent.objects.get(action="rates.deck_withdrawn")
    assert event.facts == {"deck": mistake.pk, "reason": "a slip"}


def test_dry_run_withdraws_nothing(mistake: RateDeck) -> None:
    assert "Dry run" in withdraw(mistake, "--dry-run")
    assert price() == 120_000


@pytest.mark.usefixtures("deck")
def test_only_deck_is_not_withdrawn() -> None:
    only = RateDeck.objects.get()
    with pytest.raises(CommandError, match="No other deck"):
        withdraw(only)
    assert price() == 12_000


def test_deck_to_come_is_none_that_would_be_in_force(deck: Path) -> None:
    only = RateDeck.objects.get()
    deck.write_text(DECK.replace("60,60,\n", "60,60,2099-01-01\n").replace("fixed", "mobile"))
    rows = [line for line in deck.read_text().splitlines() if "2099" in line or "prefix" in line]
    deck.write_text("\n".join(rows))
    call_command("import_rates", str(deck), "--allow-gaps", "--allow-jumps", stdout=StringIO())
    coming = RateDeck.objects.latest("id")
    assert coming.effective_from > timezone.now()
    with pytest.raises(CommandError, match="No other deck"):
        withdraw(only)
    withdraw(coming)
    assert price() == 12_000


def test_unknown_deck_and_empty_reason_are_refused(mistake: RateDeck) -> None:
    with pytest.raises(CommandError, match="no deck 999"):
        call_command("withdraw_deck", "999", "--reason=x")
    with pytest.raises(CommandError, match="reason"):
        call_command("withdraw_deck", str(mistake.pk), "--reason= ")
