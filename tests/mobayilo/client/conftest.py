"""A wheel of moby, built once and offered by the site of each test that asks for it."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from mobayilo.client.wheel import Wheel, build, offered

SOURCE = Path(django_settings.BASE_DIR) / "cli_client"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(django_settings, "CLIENT_ROOT", tmp_path_factory.mktemp("client"))
        return build(SOURCE)


@pytest.fixture
def wheel(built: Path, tmp_path: Path, settings: Settings) -> Wheel:
    settings.CLIENT_ROOT = tmp_path / "client"
    settings.CLIENT_ROOT.mkdir()
    shutil.copy(built, settings.CLIENT_ROOT)
    wheel = offered()
    assert wheel is not None
    return wheel


@pytest.fixture
def _no_wheel(tmp_path: Path, settings: Settings) -> None:
    settings.CLIENT_ROOT = tmp_path / "client"
