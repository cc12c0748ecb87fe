"""The wheel of moby: built the same everywhere, and the newest is on offer."""

import hashlib
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from mobayilo import release
from mobayilo.client.wheel import Wheel, build, offered
from tests.mobayilo.client.conftest import SOURCE


def source_of(folder: Path, version: str) -> Path:
    """Copy the source of moby, as another release of it."""
    source = shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    (source / "src/moby/__init__.py").write_text(f'__version__ = "{version}"\n')
    return source


def test_build_gives_the_same_bytes_on_each_machine(wheel: Wheel, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        again = build(shutil.copytree(SOURCE, tmp_path / "copied later"))
    finally:
        os.umask(before)
    now = offered()
    assert again == wheel.path
    assert now is not None
    assert now.sha256 == wheel.sha256


def test_wheel_is_of_the_release_and_carries_its_lock(wheel: Wheel) -> None:
    assert wheel.version == release.MOBY_LATEST
    lock = (SOURCE / "requirements.txt").read_text()
    assert wheel.requirements().endswith(lock)
    assert {line.split("==")[0] for line in lock.splitlines() if "==" in line} >= {
        "cleo", "certifi", "keyring", "pywin32-ctypes", "requests",
    }  # fmt: skip
    assert not [name for name in zipfile.ZipFile(wheel.path).namelist() if "egg-info" in name]


def test_build_leaves_nothing_but_the_new_wheel(wheel: Wheel, tmp_path: Path) -> None:
    newer = build(source_of(tmp_path / "source", "0.10.0"))
    assert [path.name for path in newer.parent.iterdir()] == ["moby-0.10.0-py3-none-any.whl"]
    now = offered()
    assert now is not None
    assert now.version == "0.10.0"


def test_newest_wheel_is_offered(wheel: Wheel) -> None:
    for name in ("moby-0.9.9-py3-none-any.whl", "moby-0.10.0-py3-none-any.whl"):
        shutil.copy(wheel.path, wheel.path.with_name(name))
    (wheel.path.with_name("moby-1.0.whl.part")).touch()
    now = offered()
    assert now is not None
    assert now.version == "0.10.0"


def test_wheel_that_changed_is_hashed_again(wheel: Wheel) -> None:
    wheel.path.write_bytes(wheel.path.read_bytes() + b"\0")
    os.utime(wheel.path, ns=(0, wheel.path.stat().st_mtime_ns + 1))
    now = offered()
    assert now is not None
    assert now.sha256 == hashlib.sha256(wheel.path.read_bytes()).hexdigest() != wheel.sha256


def test_build_that_fails_keeps_the_wheel_before(
    wheel: Wheel, tmp_path: Path, settings: Settings
) -> None:
    settings.BASE_DIR = tmp_path
    broken = source_of(tmp_path / "cli_client", "0.2.0") / "pyproject.toml"
    broken.write_text(re.sub("^name = .*$", "nam", broken.read_text(), flags=re.MULTILINE))
    with pytest.raises(CommandError, match="moby cannot be built"):
        call_command("build_client", verbosity=0)
    assert offered() == wheel
    assert list(settings.CLIENT_ROOT.iterdir()) == [wheel.path]
