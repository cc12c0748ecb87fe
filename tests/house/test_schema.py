"""The API describes itself without a gap, and the database grows so that two releases fit it."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader


def test_schema_of_the_api_has_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")
    assert "Warning" not in capsys.readouterr().err


def schema_of_the_api() -> dict[str, Any]:
    out = StringIO()
    call_command("spectacular", "--format", "openapi-json", stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def test_schema_is_as_strict_as_the_server() -> None:
    schema = schema_of_the_api()
    lists = 0
    for operations_of_path in schema["paths"].values():
        parameters = operations_of_path.get("get", {}).get("parameters", ())
        bounds = {p["name"]: p["schema"] for p in parameters}
        if "cursor" in bounds:
            lists += 1
            assert (bounds["limit"]["minimum"], bounds["limit"]["maximum"]) == (1, 100)
        body = operations_of_path.get("post", {}).get("requestBody", {}).get("content", {})
        if name := body.get("application/json", {}).get("schema", {}).get("$ref"):
            shape = schema["components"]["schemas"][name.rsplit("/", 1)[-1]]
            assert shape["additionalProperties"] is False, name
    assert lists >= 5


OURS = ("accounts", "billing", "telephony", "overview")
# The release before still reads what these take away; see "Upgrade" in docs/operations.md.
CONTRACTING = (
    operations.DeleteModel,
    operations.RemoveField,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)
# Releases that may contract, each with what it takes away and since when nothing reads it.
ALLOWED: dict[tuple[str, str], str] = {}


def test_no_migration_takes_away_what_the_release_before_reads() -> None:
    ours = {
        key: migration
        for key, migration in MigrationLoader(None).disk_migrations.items()
        if key[0] in OURS
    }
    contracting = {
        key
        for key, migration in ours.items()
        if any(isinstance(operation, CONTRACTING) for operation in migration.operations)
    }
    assert len(ours) > 10
    assert contracting == ALLOWED.keys()
