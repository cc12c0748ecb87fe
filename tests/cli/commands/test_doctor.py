"""`moby doctor`: each check, and no secret."""

import socket

import pytest

from tests.cli import documents as d
from tests.cli.ports import closed_port
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


def test_doctor_finds_nothing_wrong(moby: Moby, server: StubServer) -> None:
    client = {**d.offered("0.1.0", "0.1.0"), "support_email": "help@example.org"}
    date = {"Date": "Tue, 24 Nov 2026 20:00:05 GMT"}
    server.on("GET", "client", client, headers=date)
    server.on("GET", "client", client, headers=date)
    ran = moby.run("doctor", "--json")
    assert (ran.code, ran.json["ok"]) == (0, True)
    states = {finding["subject"]: finding["state"] for finding in ran.json["findings"]}
    assert "support is help@example.org" in ran.stdout
    assert states["keyring"] == "note"
    assert states["clock"] == "ok"
    assert states["sign-in"] == "note"


def test_doctor_names_what_is_wrong_and_no_secret(moby: Moby, server: StubServer) -> None:
    client = d.offered("0.1.0", "0.1.0")
    date = {"Date": "Tue, 24 Nov 2026 21:00:00 GMT"}
    server.on("GET", "client", client, headers=date)
    server.on("GET", "client", client, headers=date)
    server.refuse("GET", "status", 401, "token_expired")
    env = {"MOBY_API_KEY": "k3y", "MOBY_TOKEN": "t0ken", "SSL_CERT_FILE": "", "NO_PROXY": "u:pw@x"}
    ran = moby.run("doctor", **env)
    assert ran.code == 1
    assert "behind the server" in ran.stdout
    assert "MOBY_API_KEY" in ran.stdout
    assert not [secret for secret in ("k3y", "t0ken", "pw@") if secret in ran.stdout]


def test_doctor_looks_at_what_calls_through_the_computer_need(moby: Moby) -> None:
    sound = moby.home / "run/pulse"
    sound.mkdir(parents=True)
    (sound / "native").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        env = {"MOBY_HOST": "https://nowhere.invalid", "MOBY_AGENT_PORT": port}
        more = {"XDG_RUNTIME_DIR": str(moby.home / "run"), "MOBY_BROWSER": "/bin/true"}
        findings = moby.run("doctor", "--json", **env, **more).json["findings"]
    found = {finding["subject"]: (finding["state"], finding["detail"]) for finding in findings}
    assert found["sound"] == ("ok", "PulseAudio")
    assert found["port"][0] == "note"
    assert f"{port} is in use by" in found["port"][1]
    assert found["browser"] == ("ok", "for calls without a window: /bin/true")
    missing = {"PATH": "/nowhere", "MOBY_BROWSER": "chrome"}
    assert "MOBY_BROWSER names chrome" in moby.run("doctor", **env, **missing).stdout


def test_doctor_says_what_to_do_about_each_problem(moby: Moby) -> None:
    env = {"MOBY_HOST": closed_port(), "MOBY_AGENT_PORT": "x", "MOBY_TOKEN": ""}
    findings = moby.run("doctor", "--json", **env).json["findings"]
    found = {finding["subject"]: finding["detail"] for finding in findings}
    assert found["port"] == "MOBY_AGENT_PORT is 'x', not a port. Use a number such as 7788."
    assert found["sign-in"].endswith(". Sign in with: moby auth login")
    assert found["server"].endswith(". Is the server running, and is its port right?")


def test_doctor_of_a_server_that_is_away(moby: Moby) -> None:
    away = moby.run("doctor", "--json", MOBY_HOST="https://nowhere.invalid")
    states = {finding["subject"]: finding["state"] for finding in away.json["findings"]}
    assert away.code == 1
    assert (states["name"], states["encryption"], states["server"]) == ("problem",) * 3
    assert states["clock"] == "note"
    missing = moby.run("doctor", MOBY_HOST="https://nowhere.invalid", SSL_CERT_FILE="/no/where.pem")
    assert "SSL_CERT_FILE names /no/where.pem, which is not there" in missing.stdout


def test_doctor_leaves_to_the_proxy_what_the_proxy_does(
    moby: Moby, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = closed_port()
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    env = {"MOBY_HOST": "https://mobayilo.example", "HTTPS_PROXY": proxy}
    findings = moby.run("doctor", "--json", **env).json["findings"]
    found = {finding["subject"]: (finding["state"], finding["detail"]) for finding in findings}
    assert (found["name"][0], found["encryption"][0]) == ("note", "note")
    assert found["server"][0] == "problem"
    assert "the proxy 127.0.0.1" in found["server"][1]


def test_doctor_goes_on_with_a_broken_configuration(moby: Moby) -> None:
    folder = moby.home / "config"
    folder.mkdir(mode=0o700)
    (folder / "config.json").write_text("{")
    (folder / "config.json").chmod(0o600)
    ran = moby.run("doctor", "--json", MOBY_HOST=closed_port())
    assert ran.code == 1
    findings = {finding["subject"]: finding for finding in ran.json["findings"]}
    assert findings["folder"]["state"] == "problem"
    assert "config.json is damaged: it is not a JSON object" in findings["folder"]["detail"]
    assert findings["server"]["state"] == "problem"


def test_doctor_counts_a_wrong_clock_in_days(moby: Moby, server: StubServer) -> None:
    for _ in range(2):
        date = {"Date": "Sun, 19 Oct 2025 20:00:00 GMT"}
        server.on("GET", "client", d.offered("0.1.0", "0.1.0"), headers=date)
    assert "401 days ahead of the server; set it right" in moby.run("doctor").stdout
