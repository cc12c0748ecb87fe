"""The system's keyring: working, missing, locked, forgetful and hanging; a file in its place."""

import json
from pathlib import Path

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.store.keyring import sign_in, use_keyring
from tests.cli.stubs import StubServer


def test_token_goes_to_the_keyring_and_comes_back(moby: Moby, server: StubServer) -> None:
    entries = use_keyring(moby, "Working")
    server.on("GET", "status", d.STATUS)
    ran = sign_in(moby, "--json")
    assert ran.json["token"]["storage"] == "keyring"
    service = f"moby:{server.url.removeprefix('http://')}"
    assert json.loads(entries.read_text()) == {f"{service}/default": d.TOKEN}
    assert d.TOKEN not in (moby.home / "config" / "config.json").read_text()
    assert moby.process("auth", "token").stdout.strip() == d.TOKEN


@pytest.mark.usefixtures("entries")
def test_backend_is_remembered_so_that_no_scan_is_needed(moby: Moby, server: StubServer) -> None:
    del moby.env["PYTHON_KEYRING_BACKEND"]
    assert moby.process("auth", "token").stdout.strip() == d.TOKEN


def test_logout_empties_the_keyring(moby: Moby, server: StubServer, entries: Path) -> None:
    server.on("DELETE", "token", status=204)
    assert moby.process("auth", "logout").code == 0
    assert json.loads(entries.read_text()) == {}


REASONS = [
    ("Missing", "no keyring that moby can use"),
    ("Locked", "locked"),
    ("Forgetful", "did not keep"),
    ("Hanging", "did not answer within 3 seconds"),
    ("keyring.backends.null.Keyring", "no keyring that moby can use"),
    ("keyring.backends.fail.Keyring", "no keyring that moby can use"),
    ("nonsense.Keyring", "could not be opened"),
]


@pytest.mark.parametrize(("name", "reason"), REASONS)
def test_useless_keyring_is_named_before_anything_is_asked(
    moby: Moby, server: StubServer, name: str, reason: str
) -> None:
    use_keyring(moby, name)
    ran = sign_in(moby, "--json")
    assert (ran.code, ran.error["code"]) == (1, "keyring_unavailable")
    assert reason in ran.error["message"]
    assert "--insecure-storage" in ran.error["hint"]
    assert server.received == []


@pytest.mark.parametrize("module", ["keyrings.alt.file", "keyring.backends.file"])
def test_keyring_that_is_plain_text_is_no_keyring(
    moby: Moby, server: StubServer, module: str
) -> None:
    use_keyring(moby, "Working")
    package = moby.home / "packages" / "keyrings" / "alt"
    package.mkdir(parents=True)
    (package / "file.py").write_text(
        "from moby_test_keyrings import Working\n\n"
        f"class PlaintextKeyring(Working):\n    __module__ = {module!r}\n"
    )
    moby.env["PYTHONPATH"] += f":{moby.home / 'packages'}"
    moby.env["PYTHON_KEYRING_BACKEND"] = "keyrings.alt.file.PlaintextKeyring"
    ran = sign_in(moby, "--json")
    assert (ran.code, ran.error["code"]) == (1, "keyring_unavailable")
    assert f"{module}.PlaintextKeyring keeps secrets in plain text" in ran.error["message"]
    assert server.received == []


def test_rates_need_no_keyring(moby: Moby, server: StubServer) -> None:
    entries = use_keyring(moby, "Hanging")
    for _ in range(2):
        server.on("GET", "rates/GB", d.RATES)
    assert moby.process("rates", "GB").code == 0
    assert not entries.with_suffix(".opened").exists()  # there is no user to sign in
    moby.env["PYTHON_KEYRING_BACKEND"] = "moby_test_keyrings.Working"
    server.on("GET", "status", d.STATUS)
    sign_in(moby)
    moby.env["PYTHON_KEYRING_BACKEND"] = "moby_test_keyrings.Locked"
    assert moby.process("rates", "GB").code == 0
    assert "authorization" not in server.received[-1].headers


def test_keyring_that_is_switched_off_is_said_to_be(moby: Moby) -> None:
    ran = sign_in(moby, "--json")
    assert ran.error["message"].endswith("it is switched off by MOBY_KEYRING")


@pytest.mark.usefixtures("entries")
def test_keyring_that_locks_later_is_named(moby: Moby, server: StubServer) -> None:
    moby.env["PYTHON_KEYRING_BACKEND"] = "moby_test_keyrings.Locked"
    ran = moby.process("balance", "--json")
    assert (ran.code, ran.error["code"]) == (1, "keyring_unavailable")
    server.on("GET", "balance", d.BALANCE)
    assert moby.process("balance", MOBY_TOKEN=d.TOKEN).code == 0


@pytest.mark.usefixtures("entries")
def test_token_in_a_keyring_that_is_switched_off_has_its_remedy(moby: Moby) -> None:
    ran = moby.process("balance", MOBY_KEYRING="off")
    assert (ran.code, ran.stderr) == (
        1,
        "moby: your token is in the keyring, which MOBY_KEYRING switches off\n"
        "  Unset MOBY_KEYRING, or sign in again: moby auth login --insecure-storage\n",
    )


@pytest.mark.usefixtures("entries")
def test_status_of_a_locked_keyring_still_prints_its_document(
    moby: Moby, server: StubServer
) -> None:
    moby.env["PYTHON_KEYRING_BACKEND"] = "moby_test_keyrings.Locked"
    ran = moby.process("auth", "status", "--json")
    assert (ran.code, ran.json["reason"]) == (1, "unreachable")
    assert moby.process("auth", "status").code == 1
    assert "locked" in ran.stderr


@pytest.mark.usefixtures("entries")
def test_logout_with_a_locked_keyring_says_that_the_token_lives(
    moby: Moby, server: StubServer
) -> None:
    moby.env["PYTHON_KEYRING_BACKEND"] = "moby_test_keyrings.Locked"
    ran = moby.process("auth", "logout", "--json")
    assert (ran.code, ran.error["code"]) == (1, "keyring_unavailable")
    assert ran.error["message"].endswith("the token is still in the keyring and still valid")
    assert "could not be revoked" not in ran.stderr
    assert f"{server.url}/settings/tokens" in ran.error["hint"]
    assert moby.process("balance").code == 4


@pytest.mark.usefixtures("entries")
def test_refresh_asks_for_nothing_that_it_could_not_keep(moby: Moby, server: StubServer) -> None:
    moby.env["PYTHON_KEYRING_BACKEND"] = "moby_test_keyrings.ReadOnly"
    ran = moby.process("auth", "refresh", "--json")
    assert (ran.code, ran.error["code"]) == (1, "keyring_unavailable")
    assert server.paths() == ["GET status"]
    assert moby.process("auth", "token").stdout.strip() == d.TOKEN


@pytest.mark.usefixtures("entries")
def test_refresh_that_could_not_keep_the_token_is_repeated_by_its_key(
    moby: Moby, server: StubServer
) -> None:
    answer = {**d.STATUS["token"], "token": d.OTHER_TOKEN}
    server.on("POST", "token/rotate", answer)
    moby.env["PYTHON_KEYRING_BACKEND"] = "moby_test_keyrings.Treacherous"
    ran = moby.process("auth", "refresh", "--grace", "60", "--json")
    again = ran.error["hint"].partition("have the new one again with: moby ")[2].split()
    assert moby.process("auth", "token").stdout.strip() == d.TOKEN
    moby.env["PYTHON_KEYRING_BACKEND"] = "moby_test_keyrings.Working"
    server.on("POST", "token/rotate", answer)
    assert moby.process(*again).code == 0
    first, second = (r for r in server.received if r.method == "POST")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert (first.json, first.headers["authorization"]) == (
        second.json,
        second.headers["authorization"],
    )
    assert moby.process("auth", "token").stdout.strip() == d.OTHER_TOKEN


def test_own_token_that_cannot_be_kept_is_not_revoked(moby: Moby, server: StubServer) -> None:
    use_keyring(moby, "Treacherous")
    server.on("GET", "status", d.STATUS)
    ran = sign_in(moby, "--json")
    assert (ran.code, ran.error["code"]) == (1, "keyring_unavailable")
    assert server.paths() == ["GET status"]


def test_device_token_that_cannot_be_kept_is_revoked(moby: Moby, server: StubServer) -> None:
    use_keyring(moby, "Treacherous")
    server.on("POST", "/oauth/device_authorization", {**d.DEVICE, "interval": 0.1})
    server.on("POST", "/oauth/token", d.GRANTED)
    server.on("GET", "status", d.STATUS)
    server.on("DELETE", "token", status=204)
    ran = moby.process("auth", "login", "--json")
    assert ran.code == 1
    assert server.received[-1].headers["authorization"] == f"Bearer {d.TOKEN}"


def test_offline_status_does_not_touch_the_keyring(moby: Moby, entries: Path) -> None:
    moby.env["PYTHON_KEYRING_BACKEND"] = "moby_test_keyrings.Hanging"
    assert moby.process("auth", "status", "--offline").code == 0
    assert not entries.with_suffix(".opened").exists()


def loaded_by(moby: Moby, *words: str) -> str:
    """The modules that a run imports, as Python itself lists them."""
    return moby.process(*words, PYTHONPROFILEIMPORTTIME="1", PYTHONWARNINGS="ignore").stderr


def test_help_and_version_load_neither_requests_nor_keyring(moby: Moby) -> None:
    for words in [
        ("--help",),
        ("--version",),
        ("call", "--help"),
        ("auth",),
        ("completions", "zsh"),
    ]:
        modules = loaded_by(moby, *words)
        assert "| moby" in modules
        for heavy in ("requests", "keyring", "http.client"):
            assert f" {heavy}\n" not in modules, (words, heavy)


def test_balance_with_a_token_file_loads_neither(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", d.BALANCE)
    file = moby.home / "token"
    file.write_text(d.TOKEN)
    moby.env["MOBY_TOKEN_FILE"] = str(file)
    modules = loaded_by(moby, "balance", "--json")
    assert " http.client\n" in modules
    assert " requests\n" not in modules
    assert " keyring\n" not in modules


def test_consent_keeps_the_token_in_a_file(moby: Moby, server: StubServer) -> None:
    use_keyring(moby, "Locked")
    server.on("GET", "status", d.STATUS)
    ran = sign_in(moby, "--insecure-storage", "--json")
    assert ran.json["token"]["storage"] == "file"
    assert moby.process("auth", "token").stdout.strip() == d.TOKEN


def test_new_login_in_a_file_empties_the_keyring(
    moby: Moby, server: StubServer, entries: Path
) -> None:
    server.on("GET", "status", d.STATUS)
    assert sign_in(moby, "--insecure-storage").code == 0
    assert json.loads(entries.read_text()) == {}
    assert moby.process("auth", "token").stdout.strip() == d.TOKEN
