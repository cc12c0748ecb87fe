"""What holds of every page, without a browser: its queries, its weight, its markup."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.accounts.browser import sign_in
from tests.web.pages import CUSTOMER_PAGES, VISITOR_PAGES
from tests.web.scenes import busy_customer, some_tokens

MOST_BYTES = 120_000
FILE = re.compile(r'(?:href|src)="/static/([^"#]+)')


def weight(page: str) -> int:
    """Bytes of the page with everything that it loads, before compression."""
    files = {str(finders.find(name)) for name in FILE.findall(page)}
    return len(page.encode()) + sum(Path(name).stat().st_size for name in files)


@pytest.fixture
def crowded(client: Client, alice: User) -> Client:
    """Signed in as somebody with many rows of everything."""
    busy_customer(alice, calls=120)
    for number in range(8):
        some_tokens(alice, prefix=f"{number}-")
    sign_in(alice, client)
    client.get("/home")  # the first page of a session also notes the browser
    return client


@pytest.mark.parametrize("path", CUSTOMER_PAGES)
def test_page_of_a_customer_is_light_and_asks_little(
    crowded: Client, django_assert_max_num_queries: DjangoAssertNumQueries, path: str
) -> None:
    with django_assert_max_num_queries(15):
        response = crowded.get(path)
    assert response.status_code == 200
    assert weight(response.content.decode()) < MOST_BYTES


@pytest.mark.parametrize("path", VISITOR_PAGES)
def test_page_of_a_visitor_is_light_and_asks_little(
    client: Client, db: None, django_assert_max_num_queries: DjangoAssertNumQueries, path: str
) -> None:
    with django_assert_max_num_queries(15):
        response = client.get(path)
    assert response.status_code == 200
    assert weight(response.content.decode()) < MOST_BYTES


@pytest.mark.parametrize("path", [*VISITOR_PAGES, *CUSTOMER_PAGES])
def test_page_has_no_inline_script_or_style(client: Client, alice: User, path: str) -> None:
    if path in CUSTOMER_PAGES:
        client.force_login(alice)
    page = client.get(path).content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    for attributes in re.findall(r"<script([^>]*)>", page):
        assert "src=" in attributes or "application/json" in attributes
