"""Charts as numbers."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mobayilo.overview.charts import HEIGHT, WIDTH, day_chart, shares

DAY = date(2026, 11, 24)


@given(st.lists(st.integers(-(10**9), 10**12), min_size=1, max_size=40))
def test_bars_stay_within_the_picture(amounts: list[int]) -> None:
    for bar in day_chart([(DAY, micros) for micros in amounts]).bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.1
        assert 0 <= bar.height <= HEIGHT
        assert abs(bar.y + bar.height - HEIGHT) < 0.2


def test_largest_day_fills_the_height_and_none_has_no_bar() -> None:
    chart = day_chart([(DAY, 1_000_000), (DAY, 0), (DAY, 2_000_000), (DAY, 1)])
    assert [bar.height for bar in chart.bars] == [60.0, 0.0, 120.0, 2]
    assert chart.total_micros == 3_000_001


def test_chart_of_nothing_is_empty() -> None:
    assert day_chart([(DAY, 0)] * 30).is_empty
    assert day_chart([]).is_empty


def test_shares_are_of_the_largest() -> None:
    assert shares([60, 30, 0]) == [100.0, 50.0, 0.0]
    assert shares([0]) == [0.0]
    assert shares([]) == []
