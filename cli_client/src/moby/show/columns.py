"""Rows of two columns, set to the width of the terminal."""

import textwrap
from collections.abc import Iterable, Sequence

_LONGEST_LEFT = 28


def columns(rows: Iterable[Sequence[str]], width: int, widest: int = 0) -> list[str]:
    """Names on the left, what they mean on the right; below each other where it is narrow."""
    pairs = [(str(left), str(right)) for left, right in rows]
    left_width = widest or min(max(len(left) for left, right in pairs if right), _LONGEST_LEFT)
    room = width - left_width - 4
    lines = []
    for left, right in pairs:
        if not right:
            lines.append(f"  {left}")
            continue
        if room < 24:
            lines += [f"  {left}", *_indented(right, width)]
            continue
        wrapped = textwrap.wrap(right, room) or [""]
        first = f"  {left:<{left_width}}  {wrapped[0]}"
        if len(left) > left_width:
            lines.append(f"  {left}")
            first = " " * (left_width + 4) + wrapped[0]
        lines.append(first.rstrip())
        lines += [" " * (left_width + 4) + more for more in wrapped[1:]]
    return lines


def _indented(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="    ", subsequent_indent="    ")
