"""Host names, and whose they are."""

import pytest

from mobayilo.lib.hosts import is_same_house


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
    assert is_same_house(one, other) is is_same_house(other, one) is same
