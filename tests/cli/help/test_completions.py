"""Completions of the three shells."""

import subprocess
from pathlib import Path

import pexpect
import pytest

from tests.cli import documents as d
from tests.cli.program import MOBY, Moby
from tests.cli.shells import need
from tests.cli.stubs import StubServer

ROOT = Path(__file__).parents[3]
SHARE = ROOT / "cli_client/share"


def complete(*words: str, **env: str) -> list[str]:
    script = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _moby; echo "${COMPREPLY[*]}"'
    file = ROOT / "cli_client/share/bash-completion/completions/moby"
    done = subprocess.run(
        ["bash", "-c", script, str(file), *words], capture_output=True, text=True, check=True,
        env=env or None,
    )  # fmt: skip
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


@pytest.fixture
def asks(moby: Moby) -> dict[str, str]:
    """Return the environment of a shell that finds a moby with a token."""
    path = f"{MOBY.parent}:{moby.env['PATH']}"
    return {**moby.env, "PATH": path, "MOBY_TOKEN": d.TOKEN, "TERM": "dumb"}


def test_bash_completes_ids_and_phones(asks: dict[str, str], server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.CALL))
    assert complete("moby", "calls", "show", "", **asks) == ["call_1"]
    server.on("GET", "caller-ids", {"items": [d.CALLER_ID], "pending": None})
    assert complete("moby", "call", "123", "--from", "+44", **asks) == [d.PHONE]


def test_fish_completes_ids_with_their_meaning(asks: dict[str, str], server: StubServer) -> None:
    need("fish")
    server.on("GET", "calls", d.page(d.CALL))
    script = f"source {SHARE}/fish/vendor_completions.d/moby.fish; complete -C 'moby calls show '"
    offered = subprocess.check_output(["fish", "--no-config", "-c", script], env=asks, text=True)
    assert offered == f"call_1\t{d.DESTINATION}, getting ready\n"


def test_zsh_completes_an_id_at_the_first_tab(asks: dict[str, str], server: StubServer) -> None:
    need("zsh")
    server.on("GET", "calls", d.page(d.CALL))
    shell = pexpect.spawn("zsh", ["-f"], encoding="utf-8", timeout=60, env=asks)
    shell.sendline(f"fpath=({SHARE}/zsh/site-functions $fpath); autoload -Uz compinit")
    shell.sendline("compinit -u -D; echo now $_comps[moby]")
    shell.expect("now _moby")
    shell.send("moby calls show \t")
    shell.expect("call_1")
    shell.close(force=True)


def test_values_that_cannot_be_had_complete_nothing(
    asks: dict[str, str], moby: Moby, server: StubServer
) -> None:
    server.refuse("GET", "calls", 403, "insufficient_scope")
    assert complete("moby", "calls", "show", "", **asks) == []
    unknown = moby.run("completions", "--values", "friends", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "usage")


def test_completions_follow_the_shell_in_use(moby: Moby) -> None:
    assert moby.run("completions", SHELL="/usr/bin/fish").stdout.startswith("# fish")
    assert moby.run("completions", "zsh", "--json").json["shell"] == "zsh"


def test_install_writes_completions_and_the_manual_where_shells_look(moby: Moby) -> None:
    ran = moby.process("completions", "--install")
    written = {line.removeprefix("Wrote ") for line in ran.stdout.splitlines()}
    files = [path.relative_to(SHARE) for path in SHARE.rglob("*") if path.is_file()]
    assert written == {str(moby.home / ".local/share" / file) for file in files}
    for file in files:
        assert (moby.home / ".local/share" / file).read_bytes() == (SHARE / file).read_bytes()
    elsewhere = str(moby.home / "elsewhere")
    installed = moby.run("completions", "--install", "--json", XDG_DATA_HOME=elsewhere).json
    assert sorted(installed["files"]) == sorted(f"{elsewhere}/{file}" for file in files)


def test_install_of_completions_says_what_cannot_be_written(moby: Moby) -> None:
    (moby.home / "share").write_text("in the way")
    refused = moby.run("completions", "--install", "--json", XDG_DATA_HOME=str(moby.home / "share"))
    assert (refused.code, refused.error["code"]) == (1, "output_failed")
    assert str(moby.home / "share") in refused.error["message"]
