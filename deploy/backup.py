"""Save the database to a file, or restore a file into an empty database.

    python deploy/backup.py save FOLDER [--keep-days 30]
    python deploy/backup.py restore FILE

The database is DATABASE_URL's. `pg_dump`, `pg_restore` and `psql` must be on the path, of the
server's version or newer. The address reaches them by the environment: arguments can be read by
every user of the machine.
"""

import argparse
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import environ
import psycopg
from psycopg.conninfo import conninfo_to_dict

VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}
TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"


class BackupError(Exception):
    """A reason why nothing was saved or restored."""


def connection_environment() -> dict[str, str]:
    """Return the address of the database as the environment variables of libpq."""
    if env_file := os.environ.get("ENV_FILE"):
        environ.Env.read_env(env_file)
    try:
        parts = conninfo_to_dict(environ.FileAwareEnv().str("DATABASE_URL"))
    except (environ.ImproperlyConfigured, psycopg.ProgrammingError):
        raise BackupError("DATABASE_URL must be that of a PostgreSQL, or name ENV_FILE") from None
    given = {VARIABLES[name]: str(value) for name, value in parts.items() if name in VARIABLES}
    return {**os.environ, **given}


def run(*command: str, env: dict[str, str]) -> str:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - PostgreSQL's own tools
    if done.returncode != 0:
        raise BackupError(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout


def save(folder: Path, *, keep_days: int) -> Path:
    """Write one consistent dump, readable by its owner only. A partial file has another name."""
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"mobayilo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
    partial = path.with_suffix(".partial")
    env = connection_environment()
    options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={partial}")
    try:
        run("pg_dump", *options, env=env)
        run("pg_restore", "--list", str(partial), env=env)
    except BackupError:
        partial.unlink(missing_ok=True)
        raise
    partial.rename(path)
    oldest = time.time() - keep_days * 24 * 3600
    for former in folder.glob("mobayilo-*.dump"):
        if former.stat().st_mtime < oldest:
            former.unlink()
    return path


def restore(path: Path) -> None:
    """Restore a whole dump or nothing, into a database that has no tables yet."""
    env = connection_environment()
    if run("psql", "--no-psqlrc", "--tuples-only", "--command", TABLES, env=env).strip() != "0":
        raise BackupError("the database has tables: restore into an empty one")
    name = env.get("PGDATABASE", "")
    options = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    run("pg_restore", *options, f"--dbname={name}", str(path), env=env)


def main() -> int:
    parser = argparse.ArgumentParser(description="Save or restore Mobayilo's database.")
    commands = parser.add_subparsers(dest="command", required=True)
    saving = commands.add_parser("save", help="dump into a folder")
    saving.add_argument("folder", type=Path)
    saving.add_argument("--keep-days", type=int, default=30, help="older dumps are deleted")
    restoring = commands.add_parser("restore", help="restore into an empty database")
    restoring.add_argument("file", type=Path)
    options = parser.parse_args()
    try:
        if options.command == "save":
            sys.stdout.write(f"{save(options.folder, keep_days=options.keep_days)}\n")
        else:
            restore(options.file)
            sys.stdout.write("Restored. Now run: manage.py migrate; manage.py audit_ledger\n")
    except (BackupError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
