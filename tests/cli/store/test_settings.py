"""The settings of a profile: what each may be, and the source that wins."""

import re

import pytest

from mobayilo.lib.countries import country_names
from moby.store.settings import SETTINGS
from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


def test_list_names_each_value_and_its_source(moby: Moby) -> None:
    moby.run("config", "set", "confirm_above", "$2")
    listed = moby.run("config", "list", "--json").json["settings"]
    by_name = {one["name"]: (one["value"], one["source"]) for one in listed}
    assert by_name["confirm-above"] == ("2.00", "config")
    assert by_name["country"] == (None, "account")
    assert by_name["call-mode"] == (None, "account")
    shown = moby.run("config", "list", MOBY_CONFIRM_ABOVE="0.10").stdout
    assert re.search(r"confirm-above +0\.10 +MOBY_CONFIRM_ABOVE ", shown)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("volume", "11"), "usage"),
        (("country", "Atlantis"), "usage"),
        (("confirm-above", "cheap"), "bad_amount"),
    ],
)
def test_setting_that_cannot_be_used_is_refused(
    moby: Moby, words: tuple[str, ...], code: str
) -> None:
    ran = moby.run("config", "set", *words, "--json")
    assert (ran.code, ran.error["code"]) == (2, code)


@pytest.mark.usefixtures("signed_in")
def test_environment_wins_over_the_setting_of_a_threshold(moby: Moby, server: StubServer) -> None:
    moby.run("config", "set", "confirm-above", "0.04")
    server.on("POST", "quote", d.QUOTE)
    refused = moby.run("call", d.DESTINATION, "--json")
    assert refused.error["code"] == "confirmation_required"
    assert "moby config set confirm-above" in refused.error["hint"]
    server.on("POST", "quote", d.QUOTE)
    refused = moby.run("call", d.DESTINATION, "--json", MOBY_CONFIRM_ABOVE="0.03")
    assert "export MOBY_CONFIRM_ABOVE=" in refused.error["hint"]
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", d.CALL, status=201)
    assert moby.run("call", d.DESTINATION, "--json", MOBY_CONFIRM_ABOVE="1").code == 0


def test_each_country_that_can_be_called_can_be_set() -> None:
    read = SETTINGS["country"].read
    assert [read(country.lower()) for country in country_names()] == list(country_names())


@pytest.mark.parametrize("written", ["call-mode", "Call_Mode", " call mode "])
def test_setting_is_named_in_any_spelling(moby: Moby, written: str) -> None:
    moby.run("config", "set", written, "Callback")
    assert moby.run("config", "get", written).stdout == "callback\n"
