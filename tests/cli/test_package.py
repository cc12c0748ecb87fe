"""The wheel, as a person gets it."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    subprocess.run(["cp", "-r", ROOT / "cli_client", source], check=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "-w", folder, source], check=True)
    return next(folder.glob("moby-0.1.0-*.whl"))


def test_wheel_holds_manual_and_completions(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for file in (
        "share/man/man1/moby.1",
        "share/bash-completion/completions/moby",
        "share/zsh/site-functions/_moby",
        "share/fish/vendor_completions.d/moby.fish",
    ):
        assert f"moby-0.1.0.data/data/{file}" in names
    assert not [name for name in names if "tests" in name]
    page = ("index.html", "page.css", "page.js", "silence.wav", "twilio.min.js", "LICENSE")
    assert {f"moby/agent/page/{name}" for name in page} <= set(names)


def test_wheel_runs_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    env = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(env)], check=True)
    python = env / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    # What moby needs comes from this environment, moby itself from the new one.
    needed = sysconfig.get_path("purelib")
    ran = subprocess.run(
        [env / "bin/moby", "help", "exit-codes"],
        env={"PYTHONPATH": needed, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "interrupted" in ran.stdout
    where = [str(python), "-c", "import moby; print(moby.__file__)"]
    shown = subprocess.run(where, capture_output=True, text=True, check=True).stdout
    assert shown.startswith(str(env))
    assert (env / "share/man/man1/moby.1").exists()
