"""The look has few sizes and few distances."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

CSS = sorted(Path(str(finders.find("css"))).glob("*.css"))
# Staff's pages are made of the admin's own style, which has no variables of ours.
OURS = [path for path in CSS if path.name not in ("tokens.css", "support.css")]
DISTANCE = re.compile(r"\b(?:gap|margin|padding)(?:-\w+)?: ([^;]+);")
SIZE = re.compile(r"\bfont-size: ([^;]+);|\bfont: ([^;]+);")
HAIR = {"1px", "2px"}  # sets an icon or a frame straight, and is no distance


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_distances_and_sizes_are_those_of_the_scale(path: Path) -> None:
    css = path.read_text()
    distances = {part for found in DISTANCE.findall(css) for part in re.findall(r"\d+px", found)}
    sizes = {part for found in SIZE.findall(css) for part in re.findall(r"\d+px", "".join(found))}
    assert distances <= HAIR | {"72px"}  # the bar at the bottom of phones
    assert sizes == set()


def test_sizes_are_the_five_of_the_design() -> None:
    css = Path(str(finders.find("css/tokens.css"))).read_text()
    sizes = [16 * float(rem) for rem in re.findall(r"--size-\w+: ([\d.]+)rem", css)]
    assert sizes == [14, 16, 20, 28, 40]
