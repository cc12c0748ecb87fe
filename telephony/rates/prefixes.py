"""Rows by prefix: the longest that a number begins with decides."""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar


class HasPrefix(Protocol):
    @property
    def prefix(self) -> str: ...


Row = TypeVar("Row", bound=HasPrefix)


class PrefixTable(Generic[Row]):
    """`find` is a handful of dictionary look-ups. Of rows with one prefix the last counts."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = {row.prefix: row for row in rows}
        self._lengths = sorted({len(prefix) for prefix in self.rows}, reverse=True)

    def find(self, digits: str) -> Row | None:
        """The row of the longest prefix of some digits, which have no plus."""
        rows = self.rows
        for length in self._lengths:
            row = rows.get(digits[:length])
            if row is not None:
                return row
        return None
