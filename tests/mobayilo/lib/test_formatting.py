"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.utils import timezone

from mobayilo.lib import formatting


@pytest.mark.parametrize(
    ("e164", "text"),
    [
        ("+442079460018", "+44 20 7946 0018"),
        ("+12025550100", "+1 202-555-0100"),
        ("anonymous", "anonymous"),
    ],
)
def test_number_reads_as_its_country_writes_it(e164: str, text: str) -> None:
    assert formatting.format_e164(e164) == text


@pytest.mark.parametrize(
    ("user_agent", "text"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"),
        ("moby/0.1.0 (Linux 6.1; anvil)", "moby/0.1.0 (Linux 6.1; anvil)"),
        ("", ""),
    ],
)
def test_browser_reads_in_two_words(user_agent: str, text: str) -> None:
    assert formatting.format_browser(user_agent) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (47, "0:47"), (3725, "1:02:05")])
def test_duration_reads_as_on_a_clock(seconds: int, text: str) -> None:
    assert formatting.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("first", "following", "text"), [(60, 60, "60 s"), (1, 1, "1 s"), (30, 6, "30 s, then 6 s")]
)
def test_steps_of_billing_are_one_where_they_are_equal(
    first: int, following: int, text: str
) -> None:
    assert formatting.format_steps(first, following) == text


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1\xa0minute ago"),
        (timedelta(hours=2, minutes=5), "2\xa0hours ago"),
    ],
)
def test_past_reads_roughly(past: timedelta, text: str) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        assert formatting.format_ago(now - past) == text


def test_instant_reads_in_the_current_zone() -> None:
    instant = datetime(2026, 11, 24, 23, 40, tzinfo=UTC)
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        page = Template("{% load formatting %}{{ instant|when }}").render(
            Context({"instant": instant})
        )
    assert "25 Nov 2026, 08:40" in page
    assert 'datetime="2026-11-24T23:40:00+00:00"' in page
