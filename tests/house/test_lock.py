"""The lock files are the whole answer: installing resolves nothing, on any supported Python."""

import re
import subprocess
from pathlib import Path

import pytest

from dev.stack import BIN, ROOT

SETS = ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt")
CLIENT = "cli_client/requirements.txt"
PYTHONS = ("3.11.2", "3.12", "3.13", "3.14")  # 3.11.2 is Debian 12's
# Any option but a hash, an address, or a path from the root of a machine.
MACHINE = re.compile(r"--(?!hash=)|://|(?<![\w.])/\w")
PIN = re.compile(r"^[A-Za-z0-9._-]+==[^ ;]+", re.MULTILINE)
ASKED = re.compile(r'^  "[A-Za-z0-9._-]+[^"]*",?(.*)$', re.MULTILINE)


@pytest.fixture(scope="module")
def _index() -> None:
    """Skip if the package index cannot be reached, which is no fault of the lock."""
    asked = install(ROOT / "dev" / "uv.txt", "3.11.2")
    if asked.returncode and "Failed to fetch" in asked.stderr:
        pytest.skip("the package index cannot be reached")


def install(lock: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Try an installation for a Python that need not be here. Changes nothing."""
    command = [
        *(str(BIN / "uv"), "pip", "install", "--dry-run", "--system-certs", "--require-hashes"),
        *("--only-binary", ":all:", "--python-version", python, "--target", "var/nowhere"),
        *("-r", str(lock)),
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("_index")
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", [*SETS, CLIENT])
def test_lock_is_whole(name: str, python: str) -> None:
    done = install(ROOT / name, python)
    assert (done.returncode, done.stderr.count("error:")) == (0, 0), done.stderr


@pytest.mark.usefixtures("_index")
@pytest.mark.parametrize(
    ("pin", "python"), [("async-timeout", "3.11.2"), ("sqlparse", "3.13"), ("cffi", "3.14")]
)
def test_lock_without_a_pin_is_refused(tmp_path: Path, pin: str, python: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.txt").read_text())
    left = [block for block in blocks if not block.startswith(f"{pin}==")]
    assert len(left) == len(blocks) - 1
    (tmp_path / "requirements.txt").write_text("\n".join(left))
    done = install(tmp_path / "requirements.txt", python)
    assert (done.returncode, pin in done.stderr) == (1, True)


def test_smaller_set_is_part_of_the_larger() -> None:
    product, demo, everything = (set(PIN.findall((ROOT / name).read_text())) for name in SETS)
    assert product < demo < everything
    assert set(PIN.findall((ROOT / CLIENT).read_text())) < demo


def test_lock_files_name_no_registry_and_no_machine() -> None:
    for name in (*SETS, CLIENT, "dev/uv.txt"):
        assert MACHINE.search((ROOT / name).read_text()) is None


def test_dependency_that_is_asked_for_gives_its_reason() -> None:
    for name in ("pyproject.toml", "cli_client/pyproject.toml"):
        asked = (ROOT / name).read_text().split("[build-system]")[0]
        reasons = [reason.strip() for reason in ASKED.findall(asked)]
        assert len(reasons) >= 4
        assert [reason for reason in reasons if not reason.startswith("# ")] == []
