"""moby config: settings, and the source that wins."""

import json
import re

import pytest

from tests.cli import documents as d
from tests.cli.ports import closed_port
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


def test_setting_is_kept_for_its_profile_and_taken_away_again(moby: Moby) -> None:
    assert moby.run("config", "set", "country", "gb").stdout == "country is GB.\n"
    assert moby.run("config", "get", "country").stdout == "GB\n"
    listed = moby.run("config", "list", "--profile", "work", "--json").json["settings"]
    assert {"name": "country", "value": None, "source": "account"} in listed
    assert moby.run("config", "set", "country", "default").stdout == (
        "country is left to your account.\n"
    )
    assert moby.run("config", "get", "country").code == 4
    assert "GB" not in (moby.home / "config/config.json").read_text()


@pytest.mark.usefixtures("signed_in")
def test_list_shows_what_is_left_to_the_account(moby: Moby, server: StubServer) -> None:
    account = {**d.STATUS["account"], "call_mode": "computer", "default_country": "GB"}
    for _ in range(3):
        server.on("GET", "status", {**d.STATUS, "account": account})
    listed = moby.run("config", "list").stdout
    assert re.search(r"call-mode +computer +account ", listed)
    assert re.search(r"country +GB +account ", listed)
    moby.run("config", "set", "call-mode", "callback")
    assert re.search(r"call-mode +callback +config ", moby.run("config", "list").stdout)
    assert moby.run("config", "get", "country").stdout == "GB\n"
    server.refuse("GET", "status", 403, "account_frozen")
    ran = moby.run("config", "list")
    assert (ran.code, "country " in ran.stdout) == (0, True)
    assert "Your account's settings are not known" in ran.stderr


@pytest.mark.usefixtures("signed_in")
def test_setting_of_the_account_is_got_or_its_error_is(moby: Moby, server: StubServer) -> None:
    account = {**d.STATUS["account"], "default_country": None}
    for _ in range(2):
        server.on("GET", "status", {**d.STATUS, "account": account})
    assert moby.run("config", "get", "country").stdout == "-\n"
    document = moby.run("config", "get", "country", "--json").json
    assert document == {"name": "country", "value": None, "source": "account"}
    server.refuse("GET", "status", 403, "account_frozen")
    ran = moby.run("config", "get", "country")
    assert (ran.code, ran.stdout) == (5, "")
    away = moby.run("config", "get", "country", MOBY_HOST=closed_port())
    assert (away.code, away.stdout) == (3, "")


@pytest.mark.usefixtures("signed_in")
def test_option_wins_over_the_setting_of_a_country(moby: Moby, server: StubServer) -> None:
    moby.run("config", "set", "country", "GB")
    for words in ((), ("--country", "US")):
        server.on("POST", "quote", d.QUOTE)
        moby.run("call", "020 7946 0018", "--dry-run", *words)
    assert [request.json["country"] for request in server.received] == ["GB", "US"]


@pytest.mark.usefixtures("signed_in")
def test_setting_that_was_edited_into_nonsense_is_named(moby: Moby, server: StubServer) -> None:
    file = moby.home / "config/config.json"
    moby.run("config", "set", "confirm-above", "0.04")
    document = json.loads(file.read_text())
    document["profiles"]["default"]["settings"]["confirm-above"] = "much"
    file.write_text(json.dumps(document))
    server.on("POST", "quote", d.QUOTE)
    ran = moby.run("call", d.DESTINATION, "--json")
    assert (ran.code, ran.error["code"]) == (2, "bad_amount")
    assert "'much' is not an amount in config" in ran.error["message"]
