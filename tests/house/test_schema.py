"""The API describes itself, without a gap."""

import pytest
from django.core.management import call_command


def test_schema_of_the_api_has_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")
    assert "Warning" not in capsys.readouterr().err
