"""A public site whose way to get moby cannot work does not start."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from mobayilo.client.wheel import Wheel


def found(*, deploy: bool = False) -> set[str]:
    problems = run_checks(include_deployment_checks=deploy)
    return {str(one.id) for one in problems if str(one.id).startswith("client.")}


@pytest.mark.parametrize(
    ("command", "is_refused"),
    [
        ("pipx install ./cli_client", True),
        ("uv tool install /srv/mobayilo/cli_client", True),
        ("pip install file:///srv/moby.whl", True),
        ("sh ~/install.sh", True),
        ("pipx install moby", True),
        ("pip install --upgrade 'moby'", True),
        ("uv tool upgrade moby", True),
        ("pip install moby==0.1.0", True),
        ("curl -fsSL https://mobayilo.com/client/install.sh | sh", False),
        ("pipx install https://example.org/moby-0.1.0-py3-none-any.whl", False),
        ("brew install mobayilo/tap/moby", False),
    ],
)
def test_install_command_has_to_work_elsewhere(
    settings: Settings, command: str, is_refused: bool
) -> None:
    settings.IS_LOCAL = False
    settings.MOBY_INSTALL_COMMAND = command
    assert ("client.E001" in found()) is is_refused


def test_path_on_a_disk_is_for_this_machine_only(settings: Settings) -> None:
    settings.MOBY_INSTALL_COMMAND = "pipx install ./cli_client"
    assert (settings.IS_LOCAL, found()) == (True, set())
    settings.MOBY_INSTALL_COMMAND = "pipx install moby"
    assert found() == {"client.E001"}


def test_deployment_needs_the_wheel(wheel: Wheel, settings: Settings) -> None:
    assert found(deploy=True) == set()
    wheel.path.unlink()
    assert (found(deploy=True), found()) == ({"client.E002"}, set())
    settings.MOBY_INSTALL_COMMAND = "pipx install https://example.org/moby.whl"
    assert found(deploy=True) == set()
