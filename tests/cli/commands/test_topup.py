"""moby topup and moby topups."""

import json

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer
from tests.cli.terminal import finish, opened


@pytest.mark.usefixtures("signed_in", "browser")
def test_topup_prints_the_link_and_ends(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    ran = moby.run("topup", "20")
    assert ran.code == 0
    assert d.TOPUP["checkout_url"] in ran.stdout
    assert moby.opened == []


@pytest.mark.usefixtures("signed_in", "browser")
def test_topup_open_opens_the_page(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    assert moby.run("topup", "20", "--open").code == 0
    assert moby.opened == [d.TOPUP["checkout_url"]]


@pytest.mark.usefixtures("signed_in", "browser")
def test_topup_waits_for_the_money(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    server.on("GET", "topups/top_1", d.TOPUP)
    server.on("GET", "topups/top_1", d.PAID_TOPUP)
    server.on("GET", "balance", d.BALANCE)
    ran = moby.run("topup", "20", "--wait")
    assert ran.code == 0
    assert "$20.00 is on your account." in ran.stdout
    assert "Balance: $19.95" in ran.stdout


@pytest.mark.usefixtures("signed_in", "browser")
def test_topup_wait_json_is_one_document(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    for _ in range(3):
        server.refuse("GET", "topups/top_1", 503, "unavailable")
    server.on("GET", "topups/top_1", d.PAID_TOPUP)
    ran = moby.run("topup", "20", "--wait", "--json")
    assert ran.json == d.PAID_TOPUP
    assert ran.stderr.startswith(f"Pay $20.00 here:\n\n  {d.TOPUP['checkout_url']}\n")


@pytest.mark.usefixtures("signed_in", "browser")
def test_waiting_that_runs_out_ends_in_eight(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    for _ in range(3):
        server.on("GET", "topups/top_1", d.TOPUP)
    ran = moby.run("topup", "20", "--wait", "--timeout", "5", "--json")
    error = json.loads(ran.stderr.splitlines()[-1])["error"]
    assert (ran.code, ran.stdout, error["code"]) == (8, "", "pending")
    assert error["hint"] == "Look again: moby topups show top_1"


@pytest.mark.usefixtures("signed_in", "browser")
@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("canceled", "it was canceled; nothing was charged"),
        ("expired", "ran out before anything was paid; nothing was charged"),
        ("failed", "did not go through; nothing was charged"),
        ("refunded", "it was paid, and has gone back to where you paid from"),
        ("disputed", "it was paid, and the bank has taken it back"),
    ],
)
def test_topup_that_comes_to_nothing_ends_in_one(
    moby: Moby, server: StubServer, status: str, said: str
) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    server.on("GET", "topups/top_1", {**d.TOPUP, "status": status})
    ran = moby.run("topup", "20", "--wait")
    assert ran.code == 1
    assert said in ran.stderr


@pytest.mark.usefixtures("signed_in", "browser")
def test_no_wait_wins_over_wait(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    assert moby.run("topup", "20", "--wait", "--no-wait", "--json").json == d.TOPUP


@pytest.mark.usefixtures("signed_in", "browser")
def test_interrupt_while_paying_loses_nothing(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    child = moby.spawn("topup", "20", "--wait", MOBY_TOKEN=d.TOKEN)
    child.expect("Waiting for the payment, 9:5")
    child.sendintr()
    text, code = finish(child)
    assert (code, "moby topups show top_1" in text) == (130, True)
    server.forget()


@pytest.mark.usefixtures("signed_in", "browser")
def test_topup_open_waits_on_a_terminal(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    server.on("GET", "topups/top_1", {**d.TOPUP, "status": "paid"})
    server.on("GET", "balance", d.BALANCE)
    text, code = finish(moby.spawn("topup", "20", "--open", MOBY_TOKEN=d.TOKEN))
    assert code == 0
    assert "Waiting for the payment, 9:5" in text
    assert "$20.00 is on your account." in text
    assert opened(moby) == [d.TOPUP["checkout_url"]]


@pytest.mark.usefixtures("signed_in", "browser")
def test_wait_says_that_the_server_is_away(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    for _ in range(6):
        server.on("GET", "topups/top_1", drops=True)
    server.on("GET", "topups/top_1", d.PAID_TOPUP)
    server.on("GET", "balance", d.BALANCE)
    ran = moby.run("topup", "20", "--wait")
    assert ran.code == 0
    assert ran.stderr.count("closed without an answer. Trying again …") == 1


@pytest.mark.usefixtures("signed_in")
def test_topups_are_listed_and_shown(moby: Moby, server: StubServer) -> None:
    server.on("GET", "topups", d.page(d.PAID_TOPUP, d.TOPUP))
    listed = moby.run("topups", "list").stdout
    assert [line.split()[3] for line in listed.splitlines()[1:]] == ["paid", "pending"]
    server.on("GET", "topups/top_1", d.TOPUP)
    assert d.TOPUP["checkout_url"] in moby.run("topups", "show", "top_1").stdout
    server.on("GET", "topups/top_1", d.TOPUP)
    assert moby.run("topups", "show", "top_1", "--json").json == d.TOPUP
    server.on("GET", "topups", d.page())
    assert "No top-ups yet" in moby.run("topups", "list").stdout
