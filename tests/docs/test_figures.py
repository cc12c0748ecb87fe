"""Figures and tables that pages repeat are those of the code."""

import re

import pytest
from django.conf import settings

from billing.payments.topups import SMALLEST_CENTS
from moby.errors import MEANINGS
from telephony.phones.verifications import CODE_LIVES, MAX_TRIES
from tests.docs.pages import DOCS, ROOT, inline_code


def dollars(cents: int) -> str:
    return f"${cents // 100}" if cents % 100 == 0 else f"${cents / 100:.2f}"


FIGURES = [
    ("guide/caller-ids.md", f"After {settings.CALLER_ID_REVERIFY_DAYS} days"),
    ("guide/money.md", f"{dollars(settings.TOPUP_MAX_CENTS_NEW_ACCOUNT)} at a time"),
    ("guide/money.md", f"old {dollars(settings.TOPUP_MAX_CENTS)}."),
    ("guide/money.md", f"from ${SMALLEST_CENTS / 100:.2f} up"),
    ("guide/money.md", f"within {settings.REFUND_DAYS} days"),
    ("guide/money.md", f"below ${settings.LOW_BALANCE_CENTS / 100:.2f}"),
    ("guide/tokens.md", f"A token lives {settings.TOKEN_DEFAULT_DAYS} days"),
    ("guide/calling.md", f"of under {settings.FALSE_ANSWER_SECONDS} seconds"),
    ("support/symptoms.md", f"older than {settings.CALLER_ID_REVERIFY_DAYS} days"),
    ("support/codes.md", f"above ${settings.PRICE_CEILING_CENTS_NEW_ACCOUNT / 100:.2f} a minute"),
    ("support/codes.md", f"{settings.CALLS_PER_HOUR} calls an hour"),
    ("support/codes.md", f"{settings.NEW_NUMBERS_PER_HOUR} new numbers an hour"),
    ("support/codes.md", f"spend {dollars(settings.SPEND_MAX_CENTS_PER_DAY)} a day"),
    ("support/cases.md", f"{dollars(settings.ADJUST_MAX_CENTS_SUPPORT)} support"),
    ("support/cases.md", f"{dollars(settings.ADJUST_MAX_CENTS_FINANCE)} finance"),
]


@pytest.mark.parametrize(("page", "words"), FIGURES)
def test_page_shows_the_figure_of_the_settings(page: str, words: str) -> None:
    assert words in " ".join((DOCS / page).read_text().split())


def test_pages_show_how_long_a_code_lives() -> None:
    assert (CODE_LIVES.total_seconds(), MAX_TRIES) == (600, 5)
    assert "good for **ten minutes** and five tries" in (DOCS / "guide/caller-ids.md").read_text()


@pytest.mark.parametrize("page", ["guide/scripting.md", "guide/cli.md"])
def test_page_lists_the_exit_codes_of_moby(page: str) -> None:
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", (DOCS / page).read_text(), re.MULTILINE)
    assert [int(code) for code, _ in rows] == sorted(MEANINGS)
    assert all(MEANINGS[code].startswith(rows[i][1].strip()) for i, code in enumerate(MEANINGS))


@pytest.mark.parametrize("page", ["docs/dev/layout.md", "CONTRIBUTING.md", "README.md"])
def test_page_names_files_that_exist(page: str) -> None:
    words = inline_code((ROOT / page).read_text())
    paths = [word for word in words if re.fullmatch(r"[\w.]+(?:/[\w.]*)+", word)]
    made_by_running = ("var/", ".venv/")
    missing = [p for p in paths if not p.startswith(made_by_running) and not (ROOT / p).exists()]
    assert missing == []
