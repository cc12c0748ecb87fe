"""Opening a page in the person's browser, where there is one."""

import shutil
import subprocess
import webbrowser
from collections.abc import Mapping

_REMOTE = ("SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT", "CI")
_WSL_OPENERS = ("wslview", "powershell.exe")


def may_open_browser(environ: Mapping[str, str]) -> bool:
    """False where a browser would open on a machine that nobody looks at."""
    return not any(environ.get(name) for name in _REMOTE)


def open_browser(url: str, environ: Mapping[str, str]) -> bool:
    """Try to open the page; False when no browser took it."""
    if environ.get("WSL_DISTRO_NAME") and not environ.get("BROWSER"):
        return _open_on_windows(url)
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def _open_on_windows(url: str) -> bool:
    for name in _WSL_OPENERS:
        program = shutil.which(name)
        if program is None:
            continue
        arguments = [program, url] if name == "wslview" else [program, "Start-Process", url]
        # The page was checked to be http(s) on our own host before it came here.
        done = subprocess.run(arguments, check=False, capture_output=True)  # noqa: S603
        if done.returncode == 0:
            return True
    return False
