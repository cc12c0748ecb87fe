"""The whole product on this machine, for tests that live in it: servers, sandbox, periodic work."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.stack import Stack
from tests.templates import (
    PREPARED,
    PREPARED_CLIENT,
    PREPARED_STATIC,
    copy_database,
    make_prepared,
    url_of,
)


class Prepared(Stack):
    """A stack whose database is a copy of a prepared one, with the static files of the run."""

    def prepare(self) -> None:
        (self.folder / "static").symlink_to(PREPARED_STATIC)
        shutil.copytree(PREPARED_CLIENT, self.folder / "client")
        self.env["DJANGO_SETTINGS_MODULE"] = "tests.live_settings"


def prepared_database(name: str) -> str:
    """Make a database for one stack of this process. Returns its URL."""
    make_prepared()
    own_name = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{name}"
    copy_database(PREPARED, own_name)
    return url_of(own_name)


@contextmanager
def running_stack(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Run the product in a folder and a database of its own, forty times as fast as life."""
    database_url = prepared_database(folder.name)
    with Prepared(folder, database_url=database_url, settings=settings) as running:
        running.control("speed", {"speed": 40})
        yield running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
