"""The pages that are generated are the ones that would be generated now."""

from dev import api_reference
from mobayilo.lib.errors import ERRORS
from tests.docs.pages import DOCS


def test_api_page_is_what_the_schema_gives() -> None:
    assert api_reference.PAGE.read_text() == api_reference.page(), "run: make tables"


def test_api_page_has_every_path_of_the_api() -> None:
    text = (DOCS / "reference/api.md").read_text()
    for operation in ("POST calls", "GET balance", "POST topups", "DELETE token", "GET status"):
        assert f"\n## {operation}\n" in text


def test_error_page_lists_codes_in_order() -> None:
    text = (DOCS / "errors.md").read_text()
    places = [text.index(f"| `{code}` |") for code in sorted(ERRORS)]
    assert places == sorted(places)
