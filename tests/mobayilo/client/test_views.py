"""The page, and the files that an installer gets, under /client/."""

import hashlib
import re
import subprocess

import pytest
from django.conf import settings
from django.test import Client

from mobayilo.client.wheel import Wheel


def body(client: Client, path: str) -> bytes:
    response = client.get(path)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-cache"
    return b"".join(response) if response.streaming else response.content


def test_lock_names_the_hash_of_the_wheel_that_is_sent(client: Client, wheel: Wheel) -> None:
    lock = body(client, "/client/requirements.txt").decode()
    own = re.search(r"^moby @ (\S+) \\\n    --hash=sha256:([0-9a-f]{64})$", lock, re.MULTILINE)
    assert own is not None
    path = own[1].removeprefix(settings.PUBLIC_URL)
    assert hashlib.sha256(body(client, path)).hexdigest() == own[2]
    assert lock.startswith("--only-binary :all:\n")


def test_installer_is_of_this_site(client: Client, wheel: Wheel) -> None:
    script = body(client, "/client/install.sh").decode()
    assert f"site=${{MOBY_SITE:-{settings.PUBLIC_URL}}}" in script
    assert "mobayilo.com" not in script
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=True).returncode == 0


def test_page_shows_what_comes_and_a_tab_for_each_system(client: Client, wheel: Wheel) -> None:
    page = client.get("/client/").content.decode()
    assert f"curl -fsSL {settings.PUBLIC_URL}/client/install.sh | sh" in page
    assert page.count(wheel.sha256) >= 1
    tabs = re.findall(r'<label for="(\w+)">', page)
    assert tabs == ["linux", "macos", "windows"]
    assert page.count("Untested") == 2
    for command in ("sh -s -- --uninstall", "python3 -c", "uv pip install", "--require-hashes"):
        assert command in page


def test_site_announces_the_wheel_it_has(client: Client, wheel: Wheel) -> None:
    answer = client.get("/api/cli/v1/client").json()
    assert answer["latest_version"] == wheel.version
    assert answer["wheel_url"] == f"{wheel.url}#sha256={wheel.sha256}"


@pytest.mark.parametrize("name", ["moby-0.0.9-py3-none-any.whl", "..", "lock", "install.sh/"])
def test_other_names_are_not_found(client: Client, wheel: Wheel, name: str) -> None:
    assert client.get(f"/client/{name}").status_code == 404


@pytest.mark.usefixtures("_no_wheel")
def test_site_without_a_wheel_offers_the_operators_command_alone(client: Client) -> None:
    page = client.get("/client/").content.decode()
    assert settings.MOBY_INSTALL_COMMAND in page
    assert "SHA-256" not in page
    assert client.get("/api/cli/v1/client").json()["wheel_url"] is None
    for name in ("install.sh", "requirements.txt", "moby-0.1.0-py3-none-any.whl"):
        assert client.get(f"/client/{name}").status_code == 404
