"""Text from the server or the keyboard, made safe to show."""

import re

# C0 and C1 controls, bidi embeddings and isolates, zero-width marks, line separators: all of
# them can move the cursor, hide text or turn it round.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)


def clean(text: object) -> str:
    """One line of harmless text; tabs and line ends become spaces."""
    spaced = re.sub(r"[\t\r\n]+", " ", str(text))
    return _UNSAFE.sub("", spaced)
