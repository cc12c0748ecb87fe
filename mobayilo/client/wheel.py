"""The wheel of moby that the site offers: built at release, looked for at each request.

It carries the installer and the lock of what moby needs, so that the three always fit.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from django.conf import settings

NAME = re.compile(r"moby-(\d+(?:\.\d+)*)-py3-none-any\.whl")
INSTALLER_SITE = "https://mobayilo.com"  # what install.sh has in place of the address of a site
# The hook of PEP 517, in a process of its own since it works in the current folder. A wheel records
# times and modes: they are fixed, so that each machine builds the same bytes. The lock that one web
# process sends names the hash of the wheel that another one sends.
BUILD = (
    "import os, sys; from setuptools.build_meta import build_wheel; "
    "os.umask(0o022); build_wheel(sys.argv[1])"
)
BUILT_AT = {"SOURCE_DATE_EPOCH": "315532800"}  # 1980-01-01, the first that a zip file can name


@dataclass(frozen=True, slots=True)
class Wheel:
    path: Path
    version: str
    sha256: str

    @property
    def url(self) -> str:
        return f"{settings.PUBLIC_URL}/client/{self.path.name}"

    @property
    def hashed_url(self) -> str:
        """Return the address with the SHA-256 as its fragment, which pip and pipx verify."""
        return f"{self.url}#sha256={self.sha256}"

    def installer(self) -> str:
        """Return install.sh with the address of this site."""
        return self._read("install.sh").replace(INSTALLER_SITE, settings.PUBLIC_URL)

    def requirements(self) -> str:
        """Return the lock of moby and all it needs, for pip and uv with --require-hashes.

        Packages come as wheels only: building another kind would run what no hash here names.
        """
        own = f"moby @ {self.url} \\\n    --hash=sha256:{self.sha256}\n"
        return "--only-binary :all:\n" + own + self._read("requirements.txt")

    def _read(self, name: str) -> str:
        with ZipFile(self.path) as wheel:
            return wheel.read(f"moby-{self.version}.data/data/share/moby/{name}").decode()


def offered() -> Wheel | None:
    """Return the newest wheel in CLIENT_ROOT, or None if `build_client` has not run."""
    wheels = [
        (tuple(map(int, name_match[1].split("."))), name_match[1], path)
        for path in settings.CLIENT_ROOT.glob("moby-*.whl")
        if (name_match := NAME.fullmatch(path.name))
    ]
    if not wheels:
        return None
    _, version, path = max(wheels)
    return Wheel(path, version, _sha256(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=4)
def _sha256(path: Path, changed_at_ns: int) -> str:
    """Return the hash of a file, which is read again only after it has changed."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(source: Path) -> Path:
    """Build the wheel from the source of moby, and offer it alone. Nothing is downloaded."""
    settings.CLIENT_ROOT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.CLIENT_ROOT) as name:
        folder = Path(name)
        left_out = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
        shutil.copytree(source, folder / "source", ignore=left_out)
        for path in (folder / "source").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        subprocess.run(  # noqa: S603 - nothing of it comes from outside
            [sys.executable, "-c", BUILD, str(folder)],
            cwd=folder / "source",
            env={**os.environ, **BUILT_AT},
            check=True,
            capture_output=True,
            text=True,
        )
        built = next(folder.glob("*.whl"))
        wheel = built.replace(settings.CLIENT_ROOT / built.name)
    for other in set(settings.CLIENT_ROOT.glob("moby-*.whl")) - {wheel}:
        other.unlink(missing_ok=True)
    return wheel
