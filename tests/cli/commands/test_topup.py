"""moby topup, topups and transactions."""

import csv
from io import StringIO

import pytest

from tests.cli import documents as d
from tests.cli.conftest import Moby
from tests.cli.stubs import StubServer

PAID = {**d.TOPUP, "status": "paid", "checkout_url": None, "paid_at": "2026-11-24T20:01:00Z"}


@pytest.fixture
def moby(moby: Moby) -> Moby:
    moby.env["MOBY_TOKEN"] = d.TOKEN
    return moby


@pytest.mark.parametrize(
    ("text", "cents"),
    [("20", 2000), ("20.00", 2000), ("$20", 2000), ("5", 500), ("12.5", 1250), (" 7.05 ", 705)],
)
def test_amounts_as_people_type_them(moby: Moby, server: StubServer, text: str, cents: int) -> None:
    server.on("POST", "topups", {**d.TOPUP, "amount_cents": cents}, status=201)
    ran = moby.run("topup", text, "--json")
    assert ran.code == 0
    assert server.received[0].json == {"amount_cents": cents}
    fields = {"topup_id", "amount_cents", "checkout_url", "status"}
    assert fields <= ran.json.keys()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("4", "amount_too_small"),
        ("4.99", "amount_too_small"),
        ("0", "amount_too_small"),
        ("abc", "bad_amount"),
        ("1e9", "bad_amount"),
        ("-5", "bad_amount"),
        ("-$5", "bad_amount"),
        ("20,00", "bad_amount"),
        ("1,000", "bad_amount"),
        ("20.001", "bad_amount"),
        ("20 EUR", "bad_amount"),
        ("€20", "bad_amount"),
        ("٢٠", "bad_amount"),
        ("99999999999", "bad_amount"),
        ("", "bad_amount"),
        ("nan", "bad_amount"),
    ],
)
def test_bad_amounts_are_refused_before_anything_is_asked(
    moby: Moby, server: StubServer, text: str, code: str
) -> None:
    ran = moby.run("topup", text, "--json")
    assert (ran.code, ran.error["code"]) == (2, code)
    assert server.received == []


def test_topup_prints_the_link_and_ends(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    ran = moby.run("topup", "20")
    assert ran.code == 0
    assert d.TOPUP["checkout_url"] in ran.stdout
    assert moby.opened == []


def test_topup_open_opens_the_page(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    assert moby.run("topup", "20", "--open").code == 0
    assert moby.opened == [d.TOPUP["checkout_url"]]


def test_windows_browser_is_reached_from_its_linux(moby: Moby, server: StubServer) -> None:
    opener = moby.home / "wslview"
    opener.write_text(f'#!/bin/sh\necho "$1" > {moby.home}/opened\n')
    opener.chmod(0o755)
    server.on("POST", "topups", d.TOPUP, status=201)
    path = f"{moby.home}:{moby.env['PATH']}"
    assert moby.process("topup", "20", "--open", PATH=path, WSL_DISTRO_NAME="Debian").code == 0
    assert (moby.home / "opened").read_text().strip() == d.TOPUP["checkout_url"]


def test_browser_that_does_not_open_is_no_failure(moby: Moby, server: StubServer) -> None:
    moby.browser_works = False
    server.on("POST", "topups", d.TOPUP, status=201)
    ran = moby.run("topup", "20", "--open")
    assert ran.code == 0
    assert "open the page yourself" in ran.stderr


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "http://evil.test/"])
def test_only_web_pages_are_opened(moby: Moby, server: StubServer, url: str) -> None:
    server.on("POST", "topups", {**d.TOPUP, "checkout_url": url}, status=201)
    assert moby.run("topup", "20", "--open").code == 0
    assert moby.opened == []


def test_topup_waits_for_the_money(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    server.on("GET", "topups/top_1", d.TOPUP)
    server.on("GET", "topups/top_1", PAID)
    server.on("GET", "balance", d.BALANCE)
    ran = moby.run("topup", "20", "--wait")
    assert ran.code == 0
    assert "$20.00 is on your account." in ran.stdout
    assert "Balance: $19.955" in ran.stdout


def test_topup_wait_json_is_one_document(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    for _ in range(3):
        server.refuse("GET", "topups/top_1", 503, "unavailable")
    server.on("GET", "topups/top_1", PAID)
    assert moby.run("topup", "20", "--wait", "--json").json == PAID


def test_waiting_that_runs_out_ends_in_eight(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    for _ in range(3):
        server.on("GET", "topups/top_1", d.TOPUP)
    ran = moby.run("topup", "20", "--wait", "--timeout", "5", "--json")
    assert (ran.code, ran.error["code"]) == (8, "pending")
    assert ran.error["hint"] == "Look again: moby topups show top_1"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("expired", "ran out before anything was paid; nothing was charged"),
        ("failed", "did not go through; nothing was charged"),
        ("refunded", "it was paid, and refunded to the card since"),
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


def test_topups_are_listed_and_shown(moby: Moby, server: StubServer) -> None:
    server.on("GET", "topups", d.page(PAID, d.TOPUP))
    listed = moby.run("topups", "list").stdout
    assert [line.split()[3] for line in listed.splitlines()[1:]] == ["paid", "pending"]
    server.on("GET", "topups/top_1", d.TOPUP)
    assert d.TOPUP["checkout_url"] in moby.run("topups", "show", "top_1").stdout
    server.on("GET", "topups/top_1", d.TOPUP)
    assert moby.run("topups", "show", "top_1", "--json").json == d.TOPUP
    server.on("GET", "topups", d.page())
    assert "No top-ups yet" in moby.run("topups", "list").stdout


def test_transactions_for_a_person(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION, cursor="more"))
    ran = moby.run("transactions", "--since", "7d")
    assert ran.stdout.splitlines()[1].split()[-2:] == ["-$0.045", "$19.955"]
    assert server.received[0].query["since"] == ["2026-11-17"]
    assert "There is more" in ran.stderr


def test_transactions_as_json(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION))
    words = ("transactions", "--since", "2026-11-01", "--limit", "5", "--json")
    assert moby.run(*words).json == d.page(d.TRANSACTION)
    assert server.received[0].query == {"since": ["2026-11-01"], "limit": ["5"]}


def test_transactions_as_csv_are_no_formulas(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page({**d.TRANSACTION, "description": "=1+1"}))
    rows = list(csv.DictReader(StringIO(moby.run("transactions", "--csv").stdout)))
    assert rows[0]["description"] == "'=1+1"
    assert rows[0]["amount"] == "-0.045"
    assert list(rows[0])[:4] == ["id", "created_at", "kind", "description"]


def test_transactions_as_csv_are_all_of_them(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION, cursor="more"))
    server.on("GET", "transactions", d.page(d.TRANSACTION))
    printed = moby.run("transactions", "--csv").stdout
    assert len(list(csv.DictReader(StringIO(printed)))) == 2
    server.on("GET", "transactions", d.page(d.TRANSACTION, cursor="more"))
    printed = moby.run("transactions", "--csv", "--limit", "1").stdout
    assert len(list(csv.DictReader(StringIO(printed)))) == 1


def test_no_transactions_is_no_table(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page())
    ran = moby.run("transactions")
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "Nothing yet.\n")


def test_csv_and_json_exclude_each_other(moby: Moby) -> None:
    ran = moby.run("transactions", "--csv", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")


def test_no_wait_wins_over_wait(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    assert moby.run("topup", "20", "--wait", "--no-wait", "--json").json == d.TOPUP


def test_lost_answer_says_how_to_repeat(moby: Moby, server: StubServer) -> None:
    for _ in range(3):
        server.on("POST", "topups", drops=True)
    hint = moby.run("topup", "20", "--json", "--idempotency-key", "mine").error["hint"]
    assert hint.endswith("To repeat it safely, add: --idempotency-key mine")
