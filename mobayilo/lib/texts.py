"""Which texts a row and an answer can hold."""


def is_storable(text: str) -> bool:
    """Neither a NUL nor half of a surrogate pair, both of which JSON can spell."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False
