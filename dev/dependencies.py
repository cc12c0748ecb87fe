"""The page about what Mobayilo is built on: each package's version, licence and reason.

Versions are the pins of the requirements files, licences what the installed packages declare, and
reasons the comments of pyproject.toml.
"""

import re
from importlib.metadata import PackageNotFoundError, metadata

from dev.stack import ROOT

PAGE = ROOT / "docs" / "dev" / "dependencies.md"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
ASKED = (ROOT / "pyproject.toml").read_text().split("[build-system]", 1)[0]
RANGE = re.compile(r'^  "([A-Za-z0-9._-]+)(?:\[\w+\])?[^"]*",\s*# (.+)$', re.MULTILINE)
HEAD = """# Dependencies

Written by `make tables`: versions are the pins of the two requirements files (with hashes),
licences are what the packages declare, reasons are the comments of `pyproject.toml`. Packages
without a reason come with another one.

Vendored, and used as files: the icons of [Lucide](https://lucide.dev) (ISC,
`static/lucide/LICENSE`) and, in tests only, axe-core (MPL-2.0,
`tests/web/vendor/axe-core/LICENSE`).
"""
TABLE = "\n| package | version | licence | why |\n|---|---|---|---|\n"


def page() -> str:
    """The whole page. Needs everything of requirements-dev.txt installed."""
    product = _pins("requirements.txt")
    others = {
        name: pin for name, pin in _pins("requirements-dev.txt").items() if name not in product
    }
    return (
        f"{HEAD}\n## In the product\n{TABLE}{_rows(product)}"
        f"\n## For development, tests and the sandbox\n{TABLE}{_rows(others)}"
    )


def _pins(file: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / file).read_text()))


def _rows(pins: dict[str, str]) -> str:
    reasons = {_plain(name): reason for name, reason in RANGE.findall(ASKED)}
    return "".join(
        f"| {name} | {version} | {_licence(name)} | {reasons.get(_plain(name), '')} |\n"
        for name, version in sorted(pins.items(), key=lambda pin: _plain(pin[0]))
    )


def _licence(name: str) -> str:
    try:
        facts = metadata(name)
    except PackageNotFoundError:
        return "not installed on this system"
    # Through get_all: in Python 3.11 the type knows no other way to ask for what may be missing.
    declared = str((facts.get_all("License-Expression") or facts.get_all("License") or [""])[0])
    # Some paste the whole text, some say that they do not know.
    if declared not in ("", "UNKNOWN") and "\n" not in declared and len(declared) < 60:
        return declared.replace("|", "or")
    classifiers = facts.get_all("Classifier") or []
    names = [c.rsplit(" :: ", 1)[-1] for c in classifiers if c.startswith("License :: ")]
    return ", ".join(names) or "see the package"


def _plain(name: str) -> str:
    """A name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
