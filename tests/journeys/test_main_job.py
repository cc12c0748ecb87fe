"""From an empty home to a billed call, with the installed `moby` against the running product."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from dev.customer import Customer
from dev.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.usefixtures("books_are_right")]

PHONE = "+447400123999"
ALICES_PHONE = "+447400123456"
ANSWERS = "+442079460018"
IS_BUSY = "+442079460999"


@pytest.fixture(autouse=True, scope="module")
def _destinations(stack: Stack) -> None:
    stack.control("numbers", {"number": ANSWERS, "talk_seconds": 65, "outcome": "answer"})
    stack.control("numbers", {"number": IS_BUSY, "outcome": "busy"})


def test_newcomer_goes_from_sign_up_to_a_billed_call(
    new_customer: Callable[[str], Customer],
) -> None:
    newcomer = new_customer("newcomer")
    assert newcomer.log_in().code == 0
    newcomer.prove(PHONE)
    assert newcomer.top_up("20").code == 0
    status = newcomer.moby("auth", "status", "--json").json
    called = newcomer.moby("call", "020 7946 0018", "--country", "GB", "--yes", "--wait", "--json")
    receipt = newcomer.moby("calls", "show", called.json["call_id"], "--json").json["receipt"]
    balance = newcomer.moby("balance", "--json").json
    assert (status["actor"]["email"], status["token"]["source"]) == (newcomer.email, "file")
    assert status["account"]["caller_id_e164"] == PHONE
    assert (called.code, called.json["state"]) == (0, "completed")
    assert Decimal(receipt["total"]) == sum(Decimal(leg["cost"]) for leg in receipt["legs"]) > 0
    assert Decimal(balance["balance"]) == Decimal("20.00") - Decimal(receipt["total"])
    assert balance["held_cents"] == 0


def test_call_to_a_busy_number_costs_nothing(alice: Customer) -> None:
    before = alice.moby("balance", "--json").json
    called = alice.moby("call", IS_BUSY, "--yes", "--wait", "--json")
    assert (called.code, called.json["state"], called.json["cost"]) == (1, "busy", "0.00")
    assert alice.moby("balance", "--json").json == before


@pytest.fixture
def _ringing_for_long(stack: Stack) -> Iterator[None]:
    """Alice's phone rings until something is done, as long as in life."""
    stack.control("speed", {"speed": 1})
    stack.control("numbers", {"number": ALICES_PHONE, "outcome": "manual"})
    yield
    stack.control("numbers", {"number": ALICES_PHONE, "outcome": "answer"})
    stack.control("speed", {"speed": 40})


@pytest.mark.usefixtures("_ringing_for_long")
def test_hung_up_call_is_canceled_and_costs_nothing(alice: Customer) -> None:
    before = alice.moby("balance", "--json").json
    called = alice.moby("call", ANSWERS, "--yes", "--json")
    ended = alice.moby("calls", "hangup", called.json["call_id"], "--json")
    assert (called.code, ended.code) == (0, 0)
    assert ended.json["state"] == "canceled"
    assert alice.moby("balance", "--json").json == before


def test_logout_makes_the_server_refuse_the_token(new_customer: Callable[[str], Customer]) -> None:
    bob = new_customer("bob")
    bob.log_in_with_token()
    token = bob.moby("auth", "token").stdout.strip()
    assert bob.moby("auth", "logout").code == 0
    assert bob.moby("auth", "status", "--json").json["reason"] == "signed_out"
    bob.env["MOBY_TOKEN"] = token
    refused = bob.moby("auth", "status", "--json")
    assert (refused.code, refused.json["reason"]) == (4, "revoked")


def test_call_without_a_verified_phone_is_refused(charlie: Customer) -> None:
    refused = charlie.moby("call", ANSWERS, "--yes", "--json")
    assert (refused.code, refused.stdout) == (5, "")
    assert '"caller_id' in refused.stderr


def test_call_without_money_is_refused(new_customer: Callable[[str], Customer]) -> None:
    dave = new_customer("dave")
    dave.log_in_with_token()
    dave.prove("+447400123998")
    refused = dave.moby("call", ANSWERS, "--yes", "--json")
    assert (refused.code, refused.stdout) == (5, "")
    assert '"insufficient_funds"' in refused.stderr


@pytest.mark.parametrize("amount", ["4", "abc", "1e9", "-5", "20,00", "4.99", "$", "20.001"])
def test_bad_amount_is_refused_before_anything_happens(charlie: Customer, amount: str) -> None:
    refused = charlie.moby("topup", amount, "--json")
    assert (refused.code, refused.stdout) == (2, "")
    assert charlie.moby("topups", "list", "--json").json["items"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("call", "12", "--country", "GB"), 2, "invalid_number"),
        (("call", "020 7946 0018", "--country", "QQ"), 2, "unknown_country"),
        (("call", "911", "--country", "US"), 5, "emergency_number"),
        (("calls", "show", "call_nothing"), 6, "not_found"),
        (("rates", "Atlantis"), 2, "unknown_country"),
    ],
)
def test_bad_input_names_its_reason(
    alice: Customer, arguments: tuple[str, ...], code: int, error: str
) -> None:
    refused = alice.moby(*arguments, "--json")
    assert (refused.code, refused.stdout) == (code, "")
    assert f'"{error}"' in refused.stderr


def test_code_without_a_verification_is_not_found(charlie: Customer) -> None:
    refused = charlie.moby("caller-id", "confirm", "123456", "--json")
    assert (refused.code, refused.stdout) == (6, "")
    assert '"no_verification_pending"' in refused.stderr


def test_wrong_code_keeps_the_verification_open(alice: Customer) -> None:
    second = "+447400123997"
    alice.moby("caller-id", "request", second)
    code = alice.code_received(second)
    refused = alice.moby("caller-id", "confirm", "000000" if code != "000000" else "1", "--json")
    assert refused.code == 1
    assert '"wrong_code"' in refused.stderr
    # The old form, with the number, keeps working.
    assert alice.moby("caller-id", "confirm", second, code, "--country", "GB").code == 0


def test_strangers_see_nothing_of_each_other(alice: Customer, charlie: Customer) -> None:
    listed = alice.moby("caller-id", "list", "--json").json
    refused = charlie.moby("caller-id", "remove", listed["items"][0]["id"], "--json")
    assert refused.code == 6
    assert alice.moby("caller-id", "list", "--json").json == listed


def test_server_that_is_gone_is_worth_retrying(alice: Customer) -> None:
    refused = alice.moby("--host", "http://localhost:9", "balance", "--json")
    assert (refused.code, refused.stdout) == (4, "")  # a token is bound to its host
    alice.env["MOBY_TOKEN"] = alice.moby("auth", "token").stdout.strip()
    unreachable = alice.moby("--host", "http://localhost:9", "balance", "--json")
    del alice.env["MOBY_TOKEN"]
    assert (unreachable.code, unreachable.stdout) == (3, "")
    assert '"retryable": true' in unreachable.stderr


def test_plain_http_to_a_public_host_is_refused(alice: Customer) -> None:
    refused = alice.moby("--host", "http://mobayilo.example", "balance", "--json")
    assert (refused.code, refused.stdout) == (2, "")
