"""Countries by their names."""

import pytest

from accounts.guards import (
    parse_guards,
)


@pytest.mark.parametrize(
    "written",
    ["uk, DEU +4420", "United Kingdom,Deutschland,+4420", ["UK", "Alemania", "+4420"]],
)
def test_destinations_are_countries_by_any_name(written: object) -> None:
    assert parse_guards({"destinations": written}).destinations == ("GB", "DE", "+4420")
