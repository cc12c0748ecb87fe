"""Secrets of tokens."""

import pytest

from accounts.secrets import checksum

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_checksum_is_the_one_published() -> None:
    assert checksum("0123456789ABCDEFGHIJabcdefghij") == "4Us3aw"
