"""moby on a real terminal: what it asks, shows, and does with keys."""

import json
import re
import signal
import time

import pexpect
import pytest

from tests.cli import documents as d
from tests.cli.call_answers import ANSWERED, RINGING
from tests.cli.conftest import MOBY, Moby
from tests.cli.stubs import StubServer

QUICK = {**d.DEVICE, "interval": 0.5}


@pytest.fixture
def moby(moby: Moby) -> Moby:
    """With a browser that writes down what it is asked to open."""
    browser = moby.home / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {moby.home}/opened\n')
    browser.chmod(0o755)
    moby.env["BROWSER"] = str(browser)
    return moby


def opened(moby: Moby) -> list[str]:
    file = moby.home / "opened"
    return file.read_text().splitlines() if file.exists() else []


def finish(child: "pexpect.spawn[str]") -> tuple[str, int]:
    """What was left to read, without colours and cursor movements, and the exit code."""
    child.expect(pexpect.EOF)
    child.close()
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", str(child.before))
    return text, int(child.exitstatus if child.exitstatus is not None else -1)


def test_login_opens_the_page_on_enter_only(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", {**QUICK, "interval": 1})
    child = moby.spawn("auth", "login", "--insecure-storage")
    child.expect("BCDF-GHJK")
    child.expect("left")
    assert opened(moby) == []
    child.sendline()
    for _ in range(3):
        server.on("POST", "/oauth/token", {"error": "authorization_pending"}, status=400)
    child.expect("9:5[0-7] left")
    assert opened(moby) == ["http://localhost:9/device"]
    server.forget()
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    text, code = finish(child)
    assert code == 0
    assert "Signed in to" in text


@pytest.mark.parametrize("env", [{"SSH_TTY": "/dev/pts/1"}, {"CI": "true"}])
def test_browser_is_not_offered_where_nobody_sees_it(
    moby: Moby, server: StubServer, env: dict[str, str]
) -> None:
    server.on("POST", "/oauth/device_authorization", QUICK)
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    text, code = finish(moby.spawn("auth", "login", "--insecure-storage", **env))
    assert code == 0
    assert "Press Enter" not in text


def test_no_browser_opens_none(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", {**QUICK, "interval": 1})
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    child = moby.spawn("auth", "login", "--no-browser", "--insecure-storage")
    child.expect("BCDF-GHJK")
    child.expect("left")
    child.sendline()
    text, code = finish(child)
    assert (code, opened(moby)) == (0, [])
    assert "Press Enter" not in text


def test_ctrl_c_ends_a_resumed_login_for_good(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", d.DEVICE)
    assert moby.process("auth", "login", "--no-wait", "--insecure-storage").code == 8
    server.on("POST", "/oauth/device_authorization/cancel", {})
    child = moby.spawn("auth", "login", "--resume")
    child.expect("left")
    child.sendintr()
    assert finish(child)[1] == 130
    assert not (moby.home / "config" / "pending-login.json").exists()
    assert "no login is under way" in moby.process("auth", "login", "--resume").stderr


def test_ctrl_c_after_the_approval_leaves_no_token_behind(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", QUICK)
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS, delay_seconds=5)
    server.on("DELETE", "token", status=204)
    child = moby.spawn("auth", "login", "--insecure-storage")
    while "GET status" not in server.paths():
        time.sleep(0.05)
    child.sendintr()
    assert finish(child)[1] == 130
    assert server.received[-1].headers["authorization"] == f"Bearer {d.TOKEN}"
    assert not (moby.home / "config" / "credentials.json").exists()


def test_ctrl_c_cancels_the_login_on_the_server(moby: Moby, server: StubServer) -> None:
    server.on("POST", "/oauth/device_authorization", d.DEVICE)
    server.on("POST", "/oauth/device_authorization/cancel", {})
    child = moby.spawn("auth", "login", "--insecure-storage")
    child.expect("left")
    child.sendintr()
    text, code = finish(child)
    assert code == 130
    assert "moby: interrupted" in text
    assert server.received[-1].form["device_code"] == "device-code-that-is-secret"
    assert not (moby.home / "config" / "credentials.json").exists()


def test_plain_storage_is_asked_about_first(moby: Moby, server: StubServer) -> None:
    child = moby.spawn("auth", "login")
    child.expect(r"The keyring cannot keep your token: it is switched off")
    child.expect(r"\[y/N\]: ")
    child.sendline()
    text, code = finish(child)
    assert code == 1
    assert server.received == []
    server.on("POST", "/oauth/device_authorization", QUICK)
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    child = moby.spawn("auth", "login", "--no-browser")
    child.expect(r"\[y/N\]: ")
    child.sendline("yes")
    text, code = finish(child)
    assert (code, "plain text" in text) == (0, True)


def test_token_is_typed_unseen(moby: Moby, server: StubServer) -> None:
    server.on("GET", "status", d.STATUS)
    child = moby.spawn("auth", "login", "--with-token", "--insecure-storage")
    child.expect("Token: ")
    child.waitnoecho()
    child.sendline(d.TOKEN)
    text, code = finish(child)
    assert code == 0
    assert d.TOKEN not in text


def test_call_follows_live_and_ends_with_the_receipt(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**d.CALL, "poll_after_seconds": 0.2}, status=201)
    server.on("GET", "calls/call_1", {**RINGING, "poll_after_seconds": 0.2})
    server.on("GET", "calls/call_1", {**ANSWERED, "poll_after_seconds": 0.2})
    server.on("GET", "calls/call_1", d.COMPLETED)
    server.on("GET", "balance", d.BALANCE)
    text, code = finish(moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN))
    assert code == 0
    for shown in ("ringing them", "connected", "so far", "Total: $0.073", "Balance: $19.955"):
        assert shown in text
    assert text.index("$0.042 a minute") < text.index("ringing them")


@pytest.mark.parametrize(("key", "expected"), [("h", 0), ("\x03", 130)])
def test_keys_hang_up(moby: Moby, server: StubServer, key: str, expected: int) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 30}, status=201)
    server.on("POST", "calls/call_1/hangup", d.COMPLETED)
    server.on("GET", "balance", d.BALANCE)
    if expected == 0:
        server.on("GET", "calls/call_1", status=304)
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    child.expect("ringing them")
    child.send(key)
    text, code = finish(child)
    assert code == expected
    assert "Hanging up" in text
    assert "connection" not in text
    assert "Total: $0.073" in text


def test_second_ctrl_c_leaves_at_once(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 30}, status=201)
    server.on("POST", "calls/call_1/hangup", {**RINGING, "poll_after_seconds": 30})
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    child.expect("ringing them")
    child.sendintr()
    child.expect("Hanging up")
    child.expect("ringing them")
    child.sendintr()
    text, code = finish(child)
    assert code == 130
    assert "moby calls show call_1" in text


def test_leaving_a_call_that_was_not_hung_up_says_how_to_end_it(
    moby: Moby, server: StubServer
) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 30}, status=201)
    server.refuse("POST", "calls/call_1/hangup", 503, "unavailable")
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    child.expect("ringing them")
    child.sendintr()
    child.expect("Not hung up")
    child.expect("ringing them")
    child.sendintr()
    text, code = finish(child)
    assert code == 130
    assert "End it: moby calls hangup call_1" in text


def test_interrupt_from_outside_hangs_up_without_a_terminal(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    # The interrupt may come before the answer is read, and then the call is placed once more.
    for _ in range(2):
        server.on("POST", "calls", {**RINGING, "poll_after_seconds": 30}, status=201)
    server.on("POST", "calls/call_1/hangup", d.COMPLETED)
    process = moby.start("call", d.DESTINATION, "--wait", "--json", MOBY_TOKEN=d.TOKEN)
    while len(server.received) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    server.forget()
    assert process.returncode == 130
    assert json.loads(stdout)["state"] == "completed"
    assert "Traceback" not in stderr


def test_interrupt_while_placing_ends_the_same_call(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", d.CALL, status=201, delay_seconds=2)
    server.on("POST", "calls", d.CALL, status=201)
    server.on("POST", "calls/call_1/hangup", d.COMPLETED)
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    while len(server.received) < 2:
        time.sleep(0.02)
    child.sendintr()
    text, code = finish(child)
    assert (code, "Hanging up" in text) == (130, True)
    first, second = (r.headers["idempotency-key"] for r in server.received[1:3])
    assert first == second


def test_interrupt_while_paying_loses_nothing(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    child = moby.spawn("topup", "20", "--wait", MOBY_TOKEN=d.TOKEN)
    child.expect("Waiting for the payment, 9:5")
    child.sendintr()
    text, code = finish(child)
    assert (code, "moby topups show top_1" in text) == (130, True)
    server.forget()


def test_code_that_ran_out_can_be_renewed(moby: Moby, server: StubServer) -> None:
    start = "/oauth/device_authorization"
    server.on("POST", start, {**QUICK, "expires_in": 0.3})
    server.on("POST", start, {**QUICK, "user_code": "ZXCV-BNMQ"})
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    child = moby.spawn("auth", "login", "--insecure-storage")
    child.expect(r"The code ran out\. Get a new one\? \[Y/n\]: ")
    child.sendline()
    child.expect("ZXCV-BNMQ")
    assert finish(child)[1] == 0


def test_dear_call_is_asked_about(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", {**d.QUOTE, "price_per_minute": "0.75"})
    child = moby.spawn("call", d.DESTINATION, MOBY_TOKEN=d.TOKEN)
    child.expect(r"\$0\.75 a minute\. Call\? \[y/N\]: ")
    child.sendline("n")
    text, code = finish(child)
    assert (code, "not called" in text) == (1, True)


def test_threshold_is_the_customers_own(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    env = {"MOBY_TOKEN": d.TOKEN, "MOBY_CONFIRM_ABOVE": "0.04"}
    child = moby.spawn("call", d.DESTINATION, **env)
    child.expect(r"Call\? \[y/N\]: ")
    child.sendeof()
    assert finish(child)[1] == 1
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", d.CALL, status=201)
    text, code = finish(moby.spawn("call", d.DESTINATION, "--yes", "--no-wait", **env))
    assert (code, "[y/N]" in text) == (0, False)


def test_ambiguous_number_is_chosen(moby: Moby, server: StubServer) -> None:
    names = (("+44 20 7946 0018", "United Kingdom"), ("+1 207-946-0018", "United States"))
    candidates = [
        {**d.CANDIDATE, "redial": f"+{number} x12", "international": shown, "country_name": country}
        for number, (shown, country) in zip((442079460018, 12079460018), names, strict=True)
    ]
    server.refuse("POST", "quote", 400, "ambiguous_number", details={"candidates": candidates})
    server.on("POST", "quote", {**d.QUOTE, "extension": "12"})
    child = moby.spawn("call", "2079460018 x12", "--dry-run", MOBY_TOKEN=d.TOKEN)
    child.expect(r"2  \+1 207-946-0018 \(United States\), \$0\.012 a minute")
    child.expect("Which one")
    child.sendline("7")
    child.expect("from 1 to 2")
    child.sendline("2")
    text, code = finish(child)
    assert (code, "then keys 12" in text) == (0, True)
    assert server.received[-1].json == {"to": "+12079460018 x12"}


def test_caller_id_request_guides(moby: Moby, server: StubServer) -> None:
    number = {
        "e164": d.PHONE,
        "country": "GB",
        "country_name": "United Kingdom",
        "kind": "mobile",
        "international": "+44 7400 123456",
        "callable": True,
        "reason": None,
    }
    server.refuse("POST", "numbers/check", 400, "invalid_number", message="Too short.")
    server.on("POST", "numbers/check", number)
    server.on("POST", "caller-ids", {**d.VERIFICATION, "channel": "call"}, status=201)
    child = moby.spawn("caller-id", "request", MOBY_TOKEN=d.TOKEN)
    child.expect("Country")
    child.sendline("GB")
    child.expect("Its number")
    child.sendline("07400")
    child.expect("Too short")
    child.expect("Its number")
    child.sendline("07400 123456")
    child.expect(r"\+44 7400 123456 \(United Kingdom\): is that your phone\? \[Y/n\]: ")
    child.sendline()
    child.expect("How should the code come")
    child.sendline("2")
    child.expect("by a voice call")
    server.refuse("POST", "caller-ids/confirm", 422, "wrong_code", message="Not that one.")
    server.on("POST", "caller-ids/confirm", d.CALLER_ID)
    child.expect("The code")
    child.sendline("1234 S6")
    child.expect("is not a code")
    child.sendline("000000")
    child.expect("Not that one")
    child.sendline("123 456")
    text, code = finish(child)
    assert (code, "is yours" in text) == (0, True)
    sent = {"number": d.PHONE, "country": "GB", "channel": "call"}
    assert server.received[2].json == sent
    assert server.received[-1].json == {"code": "123456", "verification_id": "ver_1"}


def test_topup_open_waits_on_a_terminal(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    server.on("GET", "topups/top_1", {**d.TOPUP, "status": "paid"})
    server.on("GET", "balance", d.BALANCE)
    text, code = finish(moby.spawn("topup", "20", "--open", MOBY_TOKEN=d.TOKEN))
    assert code == 0
    assert "Waiting for the payment, 9:5" in text
    assert "$20.00 is on your account." in text
    assert opened(moby) == [d.TOPUP["checkout_url"]]


def test_narrow_terminal_stacks_what_does_not_fit(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED))
    child = moby.spawn("calls", "list", MOBY_TOKEN=d.TOKEN)
    child.setwinsize(24, 40)
    text, code = finish(child)
    assert code == 0
    assert f"To:    {d.DESTINATION}" in text
    assert max(len(line) for line in text.splitlines()) <= 40


def test_table_puts_its_last_column_below_before_it_stacks(moby: Moby, server: StubServer) -> None:
    call_id = "call_1".ljust(25, "x")
    server.on("GET", "calls", d.page({**d.COMPLETED, "call_id": call_id}))
    child = moby.spawn("calls", "list", MOBY_TOKEN=d.TOKEN)
    child.setwinsize(24, 60)
    text, code = finish(child)
    assert code == 0
    assert re.search(rf"When .* Time    Cost\r\n  Id\r\n.* ended .*\r\n  {call_id}\r\n", text)


def test_table_that_just_fits_keeps_its_heading_whole(moby: Moby, server: StubServer) -> None:
    server.on("GET", "transactions", d.page(d.TRANSACTION))
    child = moby.spawn("transactions", MOBY_TOKEN=d.TOKEN)
    child.setwinsize(24, 54)
    text, code = finish(child)
    assert code == 0
    assert re.search(r"When .* Amount  Balance\r\n.*-\$0.045  \$19.955\r\n", text)


@pytest.mark.parametrize(
    ("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_follow_the_terminal(
    moby: Moby, server: StubServer, env: dict[str, str], coloured: bool
) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED))
    child = moby.spawn("calls", "list", MOBY_TOKEN=d.TOKEN, **env)
    child.expect(pexpect.EOF)
    assert ("\x1b[1m" in str(child.before)) is coloured


def test_dumb_terminal_gets_lines_and_no_escape_codes(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", d.TOPUP, status=201)
    child = moby.spawn("topup", "20", "--wait", "--timeout", "0", MOBY_TOKEN=d.TOKEN, TERM="dumb")
    child.expect(pexpect.EOF)
    text = str(child.before)
    assert "Waiting for the payment …\r\n" in text
    assert "\x1b" not in text


def test_question_breaks_between_words(moby: Moby) -> None:
    child = moby.spawn("auth", "login")
    child.setwinsize(24, 60)
    child.expect(r"\[y/N\]: ")
    assert len(f"{str(child.before).splitlines()[-1]}[y/N]: ") <= 60


def test_ctrl_c_at_a_question_leaves_its_line(moby: Moby) -> None:
    child = moby.spawn("caller-id", "request", MOBY_TOKEN=d.TOKEN)
    child.expect("Country of the phone, such as GB: ")
    child.sendintr()
    text, code = finish(child)
    assert code == 130
    assert text.splitlines()[-1] == "moby: interrupted"


def test_coloured_beginning_takes_no_room(moby: Moby) -> None:
    child = moby.spawn("auth", "token")
    child.setwinsize(24, len(f"moby: you are not signed in to {moby.env['MOBY_HOST']}"))
    child.expect(pexpect.EOF)
    assert f"\x1b[0m you are not signed in to {moby.env['MOBY_HOST']}\r\n" in str(child.before)


def test_no_interaction_never_asks(moby: Moby, server: StubServer) -> None:
    text, code = finish(moby.spawn("auth", "login", "-n"))
    assert code == 1
    assert "[y/N]" not in text


def test_terminal_is_put_back_after_following(moby: Moby, server: StubServer) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", {**RINGING, "poll_after_seconds": 0.2}, status=201)
    server.on("GET", "calls/call_1", d.BUSY)
    server.on("GET", "balance", d.BALANCE)
    script = moby.home / "script"
    script.write_text(f"{MOBY} call {d.DESTINATION}; stty -a\n")
    child = pexpect.spawn(
        "/bin/sh",
        [str(script)],
        env={**moby.env, "MOBY_TOKEN": d.TOKEN, "TERM": "xterm"},
        encoding="utf-8",
        timeout=60,
    )
    child.expect(r" icanon ")
    child.expect(r" echo ")
    child.expect(pexpect.EOF)


def test_long_lines_break_between_words_on_a_terminal_only(moby: Moby, server: StubServer) -> None:
    token = {**d.STATUS["token"], "scopes": ["account:read", "billing:read", "calls:write"]}
    for _ in range(2):
        server.on("GET", "status", {**d.STATUS, "token": token})
    text, code = finish(moby.spawn("auth", "status", MOBY_TOKEN=d.TOKEN, COLUMNS="42"))
    broken = "Scopes:       account:read, billing:read,\r\n              calls:write\r\n"
    assert (code, broken in text) == (0, True)
    piped = moby.run("auth", "status", MOBY_TOKEN=d.TOKEN, COLUMNS="42").stdout
    assert "account:read, billing:read, calls:write\n" in piped
