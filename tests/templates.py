"""Databases that are made once in a run and copied: copying takes a tenth of a second.

`migrated` has every table and what migrations write; `prepared` has the sample deck too, as the
product needs it to run. Whichever process of the run asks first makes them.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection

from tests.database import FOLDER, ON_SQLITE, ROOT

MIGRATED, PREPARED = "migrated", "prepared"
PREPARED_STATIC = FOLDER / "prepared" / "static"
PREPARED_CLIENT = FOLDER / "prepared" / "client"


def url_of(name: str) -> str:
    if ON_SQLITE:
        return f"sqlite:///{FOLDER}/{name}.sqlite3"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def copy_database(template: str, name: str) -> None:
    """Make the database `name` with what `template` holds; one that exists is replaced."""
    if ON_SQLITE:
        shutil.copy(FOLDER / f"{template}.sqlite3", FOLDER / f"{name}.sqlite3")
        return
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


@contextmanager
def first_of_the_run(name: str) -> Iterator[bool]:
    """Yield whether `name` has yet to be made, while the other processes of the run wait."""
    done = FOLDER / f"{name}.done"
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not done.exists()
        done.touch()


def make_migrated() -> None:
    with first_of_the_run(MIGRATED) as is_first:
        if is_first:
            if not ON_SQLITE:
                copy_database("template1", MIGRATED)
            run_on(MIGRATED, "manage.py", "migrate", "--verbosity=0")


def make_prepared() -> None:
    make_migrated()
    with first_of_the_run(PREPARED) as is_first:
        if is_first:
            copy_database(MIGRATED, PREPARED)
            run_on(PREPARED, "-m", "dev.prepare")


def run_on(name: str, *command: str) -> None:
    """Run Python on a database of the run, as a process that knows nothing of the tests."""
    settings = {"DATABASE_URL": url_of(name), "STATIC_ROOT": str(PREPARED_STATIC)}
    env = {**os.environ, **settings, "DJANGO_SETTINGS_MODULE": "mobayilo.settings"}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")


def use(name: str) -> None:
    """Point this process at a database of the run."""
    connection.close()
    file = str(FOLDER / f"{name}.sqlite3")
    settings.DATABASES["default"]["NAME"] = file if ON_SQLITE else name
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"]
