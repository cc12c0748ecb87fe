"""Charts as numbers: the templates draw them as SVG, beside a table of the same figures.

SVG draws the bars only, stretched to the width of the page; words stay HTML, so that they keep
their size on a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 600, 120
GAP = 4
LEAST_HEIGHT = 2  # a day with any spending can be seen


@dataclass(frozen=True, slots=True)
class Bar:
    """A value, and the position of its bar."""

    day: date
    micros: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class DayChart:
    """Bars over days, scaled to the largest bar."""

    bars: Sequence[Bar]
    top_micros: int
    total_micros: int
    view_box: str = f"0 0 {WIDTH} {HEIGHT}"

    @property
    def is_empty(self) -> bool:
        return self.top_micros == 0


def day_chart(values: Sequence[tuple[date, int]]) -> DayChart:
    """Return the chart of the amounts of days, in order. Amounts below zero have no bar."""
    top = max((max(micros, 0) for _, micros in values), default=0)
    slot = WIDTH / max(len(values), 1)
    bars = []
    for index, (day, micros) in enumerate(values):
        height = round(max(HEIGHT * micros / top, LEAST_HEIGHT), 1) if top and micros > 0 else 0.0
        x = round(index * slot + GAP / 2, 1)
        bars.append(Bar(day, micros, x, round(HEIGHT - height, 1), round(slot - GAP, 1), height))
    return DayChart(bars, top, sum(micros for _, micros in values))


def shares(values: Sequence[int]) -> list[float]:
    """Return each value in percent of the largest, for bars in the rows of a table."""
    top = max(values, default=0)
    return [round(100 * value / top, 1) if top else 0.0 for value in values]
