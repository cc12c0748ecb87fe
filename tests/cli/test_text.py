"""Amounts and times, as people write and read them, and columns that fit the terminal."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.usefixtures("signed_in")
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


@pytest.mark.usefixtures("signed_in")
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
        ("", "usage"),  # as if it were left out
        ("nan", "bad_amount"),
    ],
)
def test_bad_amounts_are_refused_before_anything_is_asked(
    moby: Moby, server: StubServer, text: str, code: str
) -> None:
    ran = moby.run("topup", text, "--json")
    assert (ran.code, ran.error["code"]) == (2, code)
    assert server.received == []


@pytest.mark.parametrize("seconds", [0, 59, 60, 3599, 3600, 90_000])
def test_times_read_as_clocks(moby: Moby, server: StubServer, seconds: int) -> None:
    server.on("GET", "calls/call_1", {**d.COMPLETED, "duration_seconds": seconds})
    out = moby.run("calls", "show", "call_1", MOBY_TOKEN=d.TOKEN).stdout
    hours, rest = divmod(seconds, 3600)
    minutes = f"{rest // 60:02}" if hours else str(rest // 60)
    shown = f"{minutes}:{rest % 60:02}"
    assert f"Talked:   {f'{hours}:' if hours else ''}{shown}\n" in out


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_help_fits_the_terminal(moby: Moby, width: str) -> None:
    out = moby.process("auth", "login", "--help", COLUMNS=width).stdout
    assert max(len(line) for line in out.splitlines()) <= int(width)
