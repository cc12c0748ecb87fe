"""The whole product on this machine, for tests that live in it: servers, sandbox, periodic work."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from dev.stack import Stack
from tests.database import ON_SQLITE


def new_database(name: str) -> str:
    """A database of its own beside the one of the test run; empty means Stack's SQLite file."""
    if ON_SQLITE:
        return ""
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlsplit(server)._replace(path=f"/{name}").geturl()


@contextmanager
def running_stack(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """The product in a folder and a database that nobody else has, forty times as fast as life."""
    database_url = new_database(f"journeys-{folder.name}")
    with Stack(folder, database_url=database_url, settings=settings) as running:
        running.control("speed", {"speed": 40})
        yield running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
