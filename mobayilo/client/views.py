"""The pages and files by which customers get moby: installer, lock and wheel."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mobayilo.client.wheel import Wheel, offered
from mobayilo.lib.ratelimits import limited

# A mirror or cache that kept a lock and not its wheel would make every installation fail.
UNCACHED = {"Cache-Control": "no-cache"}


@limited("page-read")
@require_safe
def install(request: HttpRequest) -> HttpResponse:
    """Show what to type on each system, and the SHA-256 of what comes."""
    wheel = offered()
    context = {
        "wheel": wheel,
        "site": settings.PUBLIC_URL,
        "install_command": settings.MOBY_INSTALL_COMMAND,
        "commands": commands(wheel) if wheel else {},
    }
    return render(request, "client/install.html", context)


def commands(wheel: Wheel) -> dict[str, str | list[str]]:
    """Return what to type where the one command does not fit."""
    installer = f"{settings.PUBLIC_URL}/client/install.sh"
    locked = f"--no-deps --require-hashes -r {settings.PUBLIC_URL}/client/requirements.txt"
    fetch = f"import urllib.request as u; print(u.urlopen('{installer}').read().decode())"
    folder = r"$env:LOCALAPPDATA\moby"
    sign_in = f"moby auth login --host {settings.PUBLIC_URL}"
    return {
        "without_curl": f'python3 -c "{fetch}" | sh',
        "uninstall": f"curl -fsSL {installer} | sh -s -- --uninstall",
        "windows": [
            f"uv venv --python 3.13 {folder}",
            f"uv pip install --python {folder} {locked}",
            rf"& {folder}\Scripts\{sign_in}",
        ],
        "pipx": f"pipx install '{wheel.hashed_url}'",
        "pip": f"pip install {locked}",
        "sign_in": sign_in,
    }


@limited("page-read")
@require_safe
def installer(request: HttpRequest) -> HttpResponse:
    """Send install.sh as text, so that a browser shows it too."""
    return _text(_offered().installer())


@limited("page-read")
@require_safe
def requirements(request: HttpRequest) -> HttpResponse:
    """Send the lock of moby and all it needs."""
    return _text(_offered().requirements())


@limited("page-read")
@require_safe
def wheel(request: HttpRequest, file_name: str) -> FileResponse:
    """Send the wheel on offer; the name of another version is not found."""
    wheel = _offered()
    if wheel.path.name != file_name:
        raise Http404
    return FileResponse(wheel.path.open("rb"), headers=UNCACHED)


def _offered() -> Wheel:
    wheel = offered()
    if wheel is None:
        raise Http404
    return wheel


def _text(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=UNCACHED)
