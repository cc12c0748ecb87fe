"""The API describes itself without a gap, and as strictly as it is."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command


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
