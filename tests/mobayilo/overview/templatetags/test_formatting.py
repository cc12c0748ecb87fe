"""Filters of the templates."""

import pytest
from django.template import Context, Template


@pytest.mark.parametrize(
    "name", ["money", "balance", "change", "cents", "e164", "duration", "when"]
)
def test_filter_leaves_nothing_empty(name: str) -> None:
    page = Template(f"{{% load formatting %}}[{{{{ value|{name} }}}}]").render(
        Context({"value": None})
    )
    assert page == "[]"
