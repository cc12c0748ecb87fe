"""Who may import whom: mobayilo.lib ← accounts ← billing ← telephony ← mobayilo, nothing else."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RANK = {"mobayilo.lib": 0, "accounts": 1, "billing": 2, "telephony": 3, "mobayilo": 4}
ALONE = {"sandbox", "moby"}


def room(module: str) -> str:
    return "mobayilo.lib" if module.startswith("mobayilo.lib") else module.split(".")[0]


def product_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [Path(line) for line in listed.stdout.split()]
    return [path for path in paths if home(path) in RANK.keys() | ALONE and (ROOT / path).exists()]


def home(path: Path) -> str:
    if path.parts[:3] == ("cli_client", "src", "moby"):
        return "moby"
    return room(".".join(path.with_suffix("").parts))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_allowed(here: str, there: str) -> bool:
    if there == here or there not in RANK.keys() | ALONE:
        return True
    return here in RANK and there in RANK and RANK[there] < RANK[here]


def test_imports_follow_the_direction_of_the_house() -> None:
    wrong = [
        f"{path} imports {module}"
        for path in product_files()
        for module in imported(path)
        if not is_allowed(home(path), room(module)) and module != "mobayilo"
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("here", "there", "allowed"),
    [
        ("billing", "accounts", True),
        ("accounts", "billing", False),
        ("mobayilo.lib", "mobayilo", False),
        ("moby", "mobayilo.lib", False),
        ("sandbox", "billing", False),
        ("telephony", "sandbox", False),
    ],
)
def test_imports_are_judged_by_rank(here: str, there: str, allowed: bool) -> None:
    assert is_allowed(here, there) is allowed


def test_providers_are_imported_by_the_gateways_only() -> None:
    strangers = [
        f"{path}: {module}"
        for path in product_files()
        for module in imported(path)
        if module.split(".")[0] in {"twilio", "stripe"} and home(path) != "sandbox"
        if path not in {Path("billing/payments/gateway.py"), Path("telephony/twilio/gateway.py")}
        and not (path.name == "webhooks.py" and module.startswith("twilio.request_validator"))
    ]
    assert strangers == []
