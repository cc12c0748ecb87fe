"""The entry point: what ends moby before it has a command, or after it."""

import subprocess

import pytest

from tests.cli.program import MOBY, Moby


@pytest.mark.parametrize("words", [("completions", "zsh"), ("--version",)])
def test_reader_that_leaves_early_is_no_failure(moby: Moby, words: tuple[str, ...]) -> None:
    command = [str(MOBY), *words]
    process = subprocess.Popen(
        command, env=moby.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(10) == 0


def test_version_on_a_full_disk_is_no_traceback(moby: Moby) -> None:
    ran = moby.shell("moby --version >/dev/full")
    assert (ran.code, ran.stderr) == (
        1,
        "moby: the output cannot be written: No space left on device\n",
    )


def test_ctrl_c_while_moby_loads_ends_it_in_silence(moby: Moby) -> None:
    # Loaded in place of the library that every command needs.
    pressed = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)\n"
    (moby.home / "cleo.py").write_text(pressed)
    ran = moby.process("balance", PYTHONPATH=str(moby.home))
    assert (ran.code, ran.stdout, ran.stderr) == (130, "", "")
