"""Playwright, whose loop a process of the tests can have once."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, sync_playwright

from dev.microphone import CHROMIUM


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        # Playwright's loop runs in this thread; Django would take its queries for async ones.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        yield playwright
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
