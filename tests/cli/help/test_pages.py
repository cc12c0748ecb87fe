"""Help, completions, manual and reference: all written from the commands."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pexpect
import pytest

from moby.cli.application import Application
from moby.command_names import COMMANDS, GROUPS
from moby.commands.self_update import command_for
from moby.context import system_context
from moby.errors import CLIENT_ERRORS, MEANINGS, ExitCode, exit_code_for
from moby.generate import generated
from moby.help.catalogue import all_commands
from tests.cli import documents as d
from tests.cli.conftest import Moby
from tests.cli.stubs import StubServer

ROOT = Path(__file__).parents[3]
OLD = ("login", "status")
NAMES = [name for name in COMMANDS if name not in OLD]
SHARE = ROOT / "cli_client/share"


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("words", [(), ("--help",), ("help",), ("-h",)])
def test_overview_names_every_command(moby: Moby, words: tuple[str, ...]) -> None:
    ran = moby.run(*words)
    assert ran.code == 0
    for name in NAMES:
        assert f"  {name} " in ran.stdout
    assert "\n  login " not in ran.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself(moby: Moby, name: str) -> None:
    ran = moby.run(*name.split(" "), "--help")
    assert (ran.code, ran.stderr) == (0, "")
    assert f"Usage: moby {name}" in ran.stdout
    assert moby.run("help", *name.split(" ")).stdout == ran.stdout
    facts = moby.run(*name.split(" "), "--help", "--json").json
    assert facts["name"] == name
    assert all(option["description"].endswith(".") for option in facts["options"])


@pytest.mark.parametrize("group", list(GROUPS))
@pytest.mark.parametrize("more", [(), ("--help",)])
def test_bare_group_shows_its_commands(moby: Moby, group: str, more: tuple[str, ...]) -> None:
    ran = moby.run(*group.split(" "), *more)
    assert ran.code == 0
    for name in (n for n in NAMES if n.startswith(f"{group} ")):
        assert f"moby {name}" in ran.stdout


def test_bare_group_as_a_document(moby: Moby) -> None:
    commands = moby.run("calls", "--json").json["commands"]
    assert list(commands) == ["calls hangup", "calls list", "calls show"]


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


@pytest.mark.parametrize("topic", ["exit-codes", "environment", "json", "options"])
def test_topics_explain(moby: Moby, topic: str) -> None:
    assert len(moby.run("help", topic).stdout) > 200
    assert moby.run("help", topic, "--json").json["topic"] == topic


def test_version_is_in_one_place(moby: Moby) -> None:
    versions = {moby.run(*words).stdout for words in [("--version",), ("-V",), ("balance", "-V")]}
    assert versions == {"moby 0.1.0\n"}
    assert moby.process("--version").stdout == "moby 0.1.0\n"


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_help_fits_the_terminal(moby: Moby, width: str) -> None:
    out = moby.process("auth", "login", "--help", COLUMNS=width).stdout
    assert max(len(line) for line in out.splitlines()) <= int(width)


def test_topic_is_set_to_the_terminal(moby: Moby) -> None:
    out = moby.process("help", "environment", COLUMNS="60").stdout
    two_lines = (
        "  MOBY_TOKEN_FILE     a file that holds a token, after\n" + 22 * " " + "MOBY_TOKEN\n"
    )
    assert two_lines in out
    assert "MOBY_TOKEN_FILE, the keyring, the file" in out
    assert max(len(line) for line in out.splitlines()) <= 60


def test_every_exit_code_has_its_meaning(moby: Moby) -> None:
    assert set(MEANINGS) == set(ExitCode)
    assert set(CLIENT_ERRORS.values()) | {ExitCode.DONE} == set(ExitCode)
    out = moby.run("help", "exit-codes").stdout
    assert [int(line.split()[0]) for line in out.splitlines()[2:]] == sorted(ExitCode)


def test_exit_codes_are_those_of_the_errors_page() -> None:
    rows = [line.split("|") for line in (ROOT / "docs/errors.md").read_text().splitlines()]
    table = [[cell.strip() for cell in row[1:4]] for row in rows if len(row) > 4]
    documented = [row for row in table if row[1].isdigit()]
    assert len(documented) > 40
    for code, status, exit_code in documented:
        assert exit_code_for(int(status), code.strip("`")) == int(exit_code), code


def test_generated_files_are_up_to_date() -> None:
    for path, text in generated().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, "run: python -m moby.generate"


def test_reference_names_every_command_and_option() -> None:
    text = (ROOT / "docs/guide/cli-reference.md").read_text(encoding="utf-8")
    for command in all_commands(Application(system_context())):
        assert f"### moby {command.name}\n" in text
        assert all(f"`{option.usage}`" in text for option in command.options)


def complete(*words: str) -> list[str]:
    script = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _moby; echo "${COMPREPLY[*]}"'
    file = ROOT / "cli_client/share/bash-completion/completions/moby"
    done = subprocess.run(
        ["bash", "-c", script, str(file), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("moby", "ba"), ["balance"]),
        (("moby", "auth", "log"), ["login", "logout"]),
        (("moby", "auth", "sessions", ""), ["list", "revoke"]),
        (("moby", "call", "123", "--max-m"), ["--max-minutes"]),
        (("moby", "call", "123", "--country", "GB"), ["GB"]),
        (("moby", "rates", "GG"), ["GG"]),
        (("moby", "calls", "list", "--state", "no"), ["no_answer"]),
        (("moby", "--json", "calls", "sh"), ["show"]),
        (("moby", "caller-id", "request", "1", "--channel", ""), ["sms", "call"]),
        (("moby", "balance", "--prof"), ["--profile"]),
        (("moby", "balance", "--host", ""), []),
    ],
)
def test_bash_completes(words: tuple[str, ...], expected: list[str]) -> None:
    assert complete(*words) == expected


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", "bash-completion/completions/moby"),
        ("zsh", "zsh/site-functions/_moby"),
        ("fish", "fish/vendor_completions.d/moby.fish"),
    ],
)
def test_completion_script_is_valid_where_the_shell_is_present(
    moby: Moby, shell: str, file: str
) -> None:
    path = SHARE / file
    assert moby.run("completions", shell).stdout == path.read_text(encoding="utf-8")
    need(shell)
    assert subprocess.run([shell, "-n", str(path)], check=False).returncode == 0


def test_fish_completes_words_and_options() -> None:
    need("fish")
    script = f"source {SHARE}/fish/vendor_completions.d/moby.fish; complete -C"
    asked = ["fish", "--no-config", "-c"]
    words = subprocess.check_output([*asked, f"{script} 'moby auth s'"], text=True)
    assert [line.split("\t")[0] for line in words.splitlines()] == ["sessions", "status"]
    options = subprocess.check_output([*asked, f"{script} 'moby call --ma'"], text=True)
    assert [o.split("\t")[0] for o in options.splitlines()] == ["--max-cost", "--max-minutes"]


def test_bash_completes_words_and_options() -> None:
    ask = "COMP_WORDS=({}); COMP_CWORD={}; _moby; echo ${{COMPREPLY[*]}}"
    script = f"source {SHARE}/bash-completion/completions/moby;"
    words = ["bash", "-c", f"{script} {ask.format('moby auth s', 2)}"]
    assert subprocess.check_output(words, text=True).split() == ["sessions", "status"]
    options = ["bash", "-c", f"{script} {ask.format('moby call --ma', 2)}"]
    found = subprocess.check_output(options, text=True).split()
    assert sorted(found) == ["--max-cost", "--max-minutes"]


def test_zsh_completes_at_the_first_tab() -> None:
    need("zsh")
    shell = pexpect.spawn("zsh", ["-f"], encoding="utf-8", timeout=60, env={"TERM": "dumb"})
    shell.sendline(f"fpath=({SHARE}/zsh/site-functions $fpath); autoload -Uz compinit")
    shell.sendline("compinit -u -D; echo now $_comps[moby]")
    shell.expect("now _moby")
    shell.send("moby auth s\t")
    shell.expect("sessions +-- The devices that are signed in")
    shell.expect("status +-- Show who is signed in")
    shell.close(force=True)


def test_completions_follow_the_shell_in_use(moby: Moby) -> None:
    assert moby.run("completions", SHELL="/usr/bin/fish").stdout.startswith("# fish")
    assert moby.run("completions", "zsh", "--json").json["shell"] == "zsh"


def test_manual_page_is_clean_roff() -> None:
    need("groff")
    page = SHARE / "man/man1/moby.1"
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Tascii", str(page)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "moby auth login" in re.sub(r".\x08", "", done.stdout)  # grotty prints bold twice


def test_doctor_finds_nothing_wrong(moby: Moby, server: StubServer) -> None:
    client = d.offered("0.1.0", "0.1.0")
    date = {"Date": "Tue, 24 Nov 2026 20:00:05 GMT"}
    server.on("GET", "client", client, headers=date)
    server.on("GET", "client", client, headers=date)
    ran = moby.run("doctor", "--json")
    assert (ran.code, ran.json["ok"]) == (0, True)
    states = {finding["subject"]: finding["state"] for finding in ran.json["findings"]}
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


@pytest.mark.parametrize(
    ("latest", "oldest", "line"),
    [
        ("0.1.0", "0.1.0", "moby 0.1.0 is up to date."),
        ("0.0.9", "0.0.1", "moby 0.1.0 is up to date."),
        ("0.10.0", "0.1.0", "Update available: v0.10.0"),
        ("1.0.0", "0.9.0", "This server needs moby v0.9.0 or newer; you have 0.1.0."),
    ],
)
def test_self_update_tells(
    moby: Moby, server: StubServer, latest: str, oldest: str, line: str
) -> None:
    server.on("GET", "client", d.offered(latest, oldest))
    out = moby.run("self-update", "--check").stdout
    assert line in out
    assert ("Get it with: " in out) is ("up to date" not in out)


FOLDER = {"url": "file:///src/cli_client"}


@pytest.mark.parametrize(
    ("prefix", "source", "command"),
    [
        ("/home/a/.local/share/pipx/venvs/moby", FOLDER, "pipx upgrade moby"),
        ("/home/a/.local/share/uv/tools/moby", {}, "uv tool upgrade moby"),
        ("/v", {**FOLDER, "dir_info": {"editable": True}}, "git -C /src/cli_client pull"),
        ("/v", {}, None),
        (
            "/v",
            {**FOLDER, "dir_info": {}},
            "git -C /src/cli_client pull && /v/bin/python -m pip install /src/cli_client",
        ),
    ],
)
def test_update_fits_the_installation(
    prefix: str, source: dict[str, Any], command: str | None
) -> None:
    assert command_for(prefix, source) == command


def test_doctor_of_a_server_that_is_away(moby: Moby) -> None:
    away = moby.run("doctor", "--json", MOBY_HOST="https://nowhere.invalid")
    states = {finding["subject"]: finding["state"] for finding in away.json["findings"]}
    assert away.code == 1
    assert (states["name"], states["encryption"], states["server"]) == ("problem",) * 3
    assert states["clock"] == "note"
    missing = moby.run("doctor", MOBY_HOST="https://nowhere.invalid", SSL_CERT_FILE="/no/where.pem")
    assert "SSL_CERT_FILE names /no/where.pem, which is not there" in missing.stdout


def test_self_update_as_a_document(moby: Moby, server: StubServer) -> None:
    server.on("GET", "client", d.offered("9.0.0", "0.1.0"))
    document = json.loads(moby.run("self-update", "--check", "--json").stdout)
    assert (document["update_available"], document["update_needed"]) == (True, False)
    assert document["command"]


def test_guide_names_every_error_of_moby() -> None:
    guide = (ROOT / "docs/guide/cli.md").read_text(encoding="utf-8")
    for code, exit_code in CLIENT_ERRORS.items():
        assert f"| `{code}` | {exit_code} |" in guide
