"""Host names, and whose they are."""

import pytest

from mobayilo.lib.hosts import are_of_one_owner


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("mobayilo.com", "mobayilo.com", True),
        ("mail.mobayilo.com", "Mobayilo.com.", True),
        ("mail.mobayilo.com", "www.mobayilo.com", True),
        ("a.example.co.uk", "b.example.co.uk", True),
        ("www.ab.de", "ab.de", True),
        ("example.co.uk", "other.co.uk", False),
        ("notmobayilo.com", "mobayilo.com", False),
        ("gmail.com", "mobayilo.com", False),
        ("com", "mobayilo.com", False),
        ("", "mobayilo.com", False),
    ],
)
def test_domains_of_one_owner_are_known_by_their_names(one: str, other: str, same: bool) -> None:
    assert are_of_one_owner(one, other) is are_of_one_owner(other, one) is same
