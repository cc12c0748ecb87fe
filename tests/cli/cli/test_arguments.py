"""Words that cannot be read, and the command that was meant."""

import pytest

from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("auth", "nonsense"),
        ("balance", "extra"),
        ("balance", "--nonsense"),
        ("call",),
        ("topup",),
        ("auth", "login", "--expires", "soon"),
        ("auth", "login", "--allow", "+0"),
        ("auth", "login", "--max-per-day", "1,50"),
        ("auth", "login", "--max-per-call", "0"),
        ("balance", "--host", "http://example.com"),
        ("balance", "--host", "ftp://localhost"),
        ("balance", "--profile", "a b"),
        ("call", "1", "--idempotency-key", "a b"),
        ("call", "1", "--max-minutes", "soon"),
        ("topup", "20", "--timeout", "soon"),
        ("transactions", "--since", "yesterday"),
        ("transactions", "--since", "2026-02-30"),
        ("transactions", "--limit", "101"),
        ("calls", "list", "--limit", "-5"),
        ("calls", "show", ""),
        ("call", " "),
        ("call", "1", "--max-minutes", "1441"),
        ("call", "1", "--max-cost", "0"),
        ("caller-id", "confirm", "abc"),
        ("caller-id", "remove", ""),
        ("rates", ""),
        ("completions", "powershell"),
        ("help", "nonsense"),
        ("caller-id", "request", "1", "--channel", "pigeon"),
        ("balance", "--token", "two words"),
    ],
)
def test_wrong_words_end_in_two_and_ask_no_one(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    ran = moby.run(*words, "--json")
    assert ran.code == 2
    assert ran.error["message"]
    assert server.received == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("balanc",), "Did you mean: moby balance"),
        (("call", "1", "--contry", "GB"), "Did you mean: --country"),
        (("call", "1", "--nonsense"), "See: moby call --help"),
        (("--profile", "work", "topup"), "For example: moby topup 20 --open"),
        (("topup", "-5"), "For example: moby topup 20"),
        (("calls", "list", "--limit", "-5"), "For example: --limit 5"),
        (("keys", "-5"), "See: moby keys --help"),
        (("calls", "show", ""), "For example: moby calls show"),
        (("caller-id", "confirm"), "For example: moby caller-id confirm 123456"),
        (("call",), 'For example: moby call "020 7946 0018" --country GB'),
        (("auth", "refresh", "--grace", "86401"), "For example: --grace 300"),
        (("topup", "20", "--timeout", "soon"), "For example: --timeout 600"),
        (("transactions", "--limit", "101"), "For example: --limit 50"),
        (("balance", "--host", " "), "Leave it out, or see: moby balance --help"),
        (("call", "1", "--max-minutes", "soon"), "For example: 10 or 2.5"),
        (("--nonsense",), "See what there is: moby --help"),
    ],
)
def test_wrong_words_are_answered_with_what_to_type(
    moby: Moby, words: tuple[str, ...], told: str
) -> None:
    assert moby.run(*words).stderr.splitlines()[1:] == [f"  {told}"]


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        (
            ("call", "-442079460018"),
            "-442079460018 is not a phone number",
            "Write it with +: moby call +442079460018",
        ),
        (
            ("call", "1", "--from", "-447400123456"),
            "--from -447400123456 is not a phone number",
            "Write it with +: --from +447400123456",
        ),
        (
            ("call", "1", "--yes", "-5"),
            "-5 is not a phone number",
            "Write it with +: moby call +5",
        ),
        (
            ("call", "1", "--max-minutes", "-5"),
            "--max-minutes -5 is below zero",
            "For example: --max-minutes 5",
        ),
    ],
)
def test_number_below_zero_is_named_by_the_place_where_it_stands(
    moby: Moby, words: tuple[str, ...], what: str, hint: str
) -> None:
    ran = moby.run(*words)
    assert (ran.code, ran.stderr) == (2, f"moby: {what}\n  {hint}\n")


@pytest.mark.parametrize(
    "words",
    [
        ("--host", "https://x.example"),
        ("--profile", "work", "-q"),
        ("--host", "balance"),
        ("--json", "--token", "t"),
    ],
)
def test_options_and_their_values_alone_show_the_help(moby: Moby, words: tuple[str, ...]) -> None:
    ran = moby.run(*words)
    assert ran.code == 0
    assert ran.stdout == moby.run(*(word for word in words if word in ("--json", "-q"))).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nonsense",), "moby has no command 'nonsense'"),
        (("call", "1", "--nonsense"), "moby call has no option --nonsense"),
        (("--nonsense",), "moby has no option --nonsense"),
        (("balance", "-x"), "moby balance has no option -x"),
        (("balance", "-qx"), "moby balance has no option -x"),
        (("call", "1", "--max-cost"), "--max-cost needs a value"),
        (("call", "1", "--yes=no"), "--yes takes no value"),
        (("config", "get"), "no name was given"),
        (("config", "set"), "no name or value was given"),
        (("config", "set", "a", "b", "c"), "too many words: moby config set takes only NAME VALUE"),
        (("balance", "extra"), "moby balance takes no words; 'extra' is too many"),
        (("call",), "no number was given"),
        (("rates",), "no country or number was given"),
        (("call", "1", "--max-minutes", "soon"), "--max-minutes 'soon' is not a number of minutes"),
        (("call", "1", "--max-cost", "1,50"), "--max-cost '1,50' is not an amount: it has a comma"),
        (("call", "1", "--max-cost", "0"), "--max-cost has to be more than $0"),
        (("auth", "login", "--max-per-day", "x"), "--max-per-day 'x' is not an amount"),
        (("topup", "x"), "'x' is not an amount"),
        (("keys", "1"), "no agent is running"),
        (("config", "get", "volume"), "'volume' is not a setting"),
        (("config", "set", "call-mode", "phone"), "'phone' is not a call mode"),
        (("config", "set", "country", "UK"), "'UK' is not a country's code"),
        (("caller-id", "request", "1", "--channel", "fax"), "--channel cannot be 'fax'"),
        (("auth", "login", "--allow", "+0"), "--allow '+0' is not a country, prefix or number"),
    ],
)
def test_wrong_words_are_named_as_a_person_typed_them(
    moby: Moby, words: tuple[str, ...], message: str
) -> None:
    assert moby.run(*words).stderr.splitlines()[0] == f"moby: {message}"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("auth", "logni"), "moby auth login"),
        (("balanec",), "balance"),
        (("auth", "zzz"), "It has:"),
    ],
)
def test_slips_get_a_suggestion(moby: Moby, words: tuple[str, ...], hint: str) -> None:
    ran = moby.run(*words)
    assert ran.code == 2
    assert hint in ran.stderr
