"""From an empty home to a billed call, with the installed `moby` against the running product."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from dev.customer import Customer, Started
from dev.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.usefixtures("books_are_right")]

PHONES = iter(f"+4474001{n:05d}" for n in range(20000, 29999))
ANSWERS = "+442079460018"
IS_BUSY = "+442079460999"


@pytest.fixture
def phone() -> str:
    """A British mobile that nobody has proved yet."""
    return next(PHONES)


@pytest.fixture(autouse=True)
def _destinations(stack: Stack) -> None:
    stack.control("numbers", {"number": ANSWERS, "talk_seconds": 65, "outcome": "answer"})
    stack.control("numbers", {"number": IS_BUSY, "outcome": "busy"})


def prove(customer: Customer, phone: str) -> None:
    customer.moby("caller-id", "request", phone)
    customer.moby("caller-id", "confirm", customer.code_received(phone))


def top_up(customer: Customer, amount: str) -> None:
    waiting = Started(customer, "topup", amount, "--wait")
    customer.pay(waiting.wait_for(r"(https?://\S+/c/pay/\S+)"))
    assert waiting.finish().code == 0


def test_login_gives_a_token_that_status_shows(alice: Customer) -> None:
    status = alice.moby("auth", "status", "--json").json
    assert status["authenticated"] is True
    assert status["actor"]["email"] == alice.email
    assert status["account"]["caller_id_status"] == "none"
    assert status["token"]["source"] == "file"


def test_answered_call_costs_what_its_receipt_says(alice: Customer, phone: str) -> None:
    prove(alice, phone)
    top_up(alice, "20")
    called = alice.moby("call", "020 7946 0018", "--country", "GB", "--yes", "--wait", "--json")
    balance = alice.moby("balance", "--json").json
    receipt = alice.moby("calls", "show", called.json["call_id"], "--json").json["receipt"]
    assert called.code == 0
    assert called.json["state"] == "completed"
    assert Decimal(receipt["total"]) == sum(Decimal(leg["cost"]) for leg in receipt["legs"]) > 0
    assert Decimal(balance["balance"]) == Decimal("20.00") - Decimal(receipt["total"])
    assert balance["held_cents"] == 0


def test_call_to_a_busy_number_costs_nothing(alice: Customer, phone: str) -> None:
    prove(alice, phone)
    top_up(alice, "5")
    called = alice.moby("call", IS_BUSY, "--yes", "--wait", "--json")
    assert called.code == 1
    assert called.json["state"] == "busy"
    assert alice.moby("balance", "--json").json["balance"] == "5.00"


def test_logout_makes_the_server_refuse_the_token(alice: Customer) -> None:
    alice.env["MOBY_TOKEN"] = alice.moby("auth", "token").stdout.strip()
    assert alice.moby("balance").code == 0
    kept = alice.env.pop("MOBY_TOKEN")
    assert alice.moby("auth", "logout").code == 0
    alice.env["MOBY_TOKEN"] = kept
    refused = alice.moby("auth", "status", "--json")
    assert (refused.code, refused.json["reason"]) == (4, "revoked")


def test_call_without_a_verified_phone_is_refused(alice: Customer) -> None:
    refused = alice.moby("call", ANSWERS, "--yes", "--json")
    assert refused.code == 5
    assert refused.stdout == ""
    assert '"caller_id' in refused.stderr


def test_call_without_money_is_refused(alice: Customer, phone: str) -> None:
    prove(alice, phone)
    refused = alice.moby("call", ANSWERS, "--yes", "--json")
    assert refused.code == 5
    assert '"insufficient_funds"' in refused.stderr


@pytest.mark.parametrize("amount", ["4", "abc", "1e9", "-5", "20,00", "4.99"])
def test_bad_amount_is_refused_before_anything_happens(alice: Customer, amount: str) -> None:
    refused = alice.moby("topup", amount, "--json")
    assert refused.code == 2
    assert refused.stdout == ""
    assert alice.moby("topups", "list", "--json").json["items"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("call", "12", "--country", "GB"), 2, "invalid_number"),
        (("call", "020 7946 0018", "--country", "QQ"), 2, "unknown_country"),
        (("call", "911", "--country", "US"), 5, "emergency_number"),
        (("caller-id", "confirm", "123456"), 6, "no_verification_pending"),
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


def test_wrong_code_keeps_the_verification_open(alice: Customer, phone: str) -> None:
    alice.moby("caller-id", "request", phone)
    code = alice.code_received(phone)
    wrong = "000000" if code != "000000" else "111111"
    refused = alice.moby("caller-id", "confirm", wrong, "--json")
    assert refused.code == 1
    assert '"wrong_code"' in refused.stderr
    assert alice.moby("caller-id", "confirm", code).code == 0


def test_strangers_see_nothing_of_each_other(
    alice: Customer, phone: str, new_customer: Callable[[str], Customer]
) -> None:
    prove(alice, phone)
    caller_id = alice.moby("caller-id", "list", "--json").json["items"][0]["id"]
    charlie = new_customer("charlie")
    charlie.log_in()
    refused = charlie.moby("caller-id", "remove", caller_id, "--json")
    assert refused.code == 6
    assert alice.moby("caller-id", "list", "--json").json["items"][0]["id"] == caller_id
