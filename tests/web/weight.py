"""The weight of a page."""

import re
from pathlib import Path

from django.contrib.staticfiles import finders

MOST_BYTES = 120_000


FILE = re.compile(r'(?:href|src)="/static/([^"#]+)')


def weight(page: str) -> int:
    """Return the bytes of the page with everything that it loads, before compression."""
    files = {str(finders.find(name)) for name in FILE.findall(page)}
    return len(page.encode()) + sum(Path(name).stat().st_size for name in files)
