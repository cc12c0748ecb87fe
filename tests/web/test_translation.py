"""Every word that a customer reads goes through the catalogue of translations."""

import re
from collections.abc import Iterator
from gettext import NullTranslations
from html import unescape

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import trans_real

from accounts.models import User
from dev.pages import CUSTOMER_PAGES, THING_PAGES, VISITOR_PAGES
from telephony.numbers import country_names
from tests.accounts.browser import sign_in
from tests.web.scenes import busy_customer, deck_in_force, one_of_each, some_tokens

# Elements whose words belong to no language, and attributes that are read aloud.
CODE = re.compile(r"<(script|style|code|time|option)\b.*?</\1>|…\w{4}", re.DOTALL)
ALOUD = re.compile(r'\s(?:aria-label|alt|placeholder|title)="([^"]*)"')
MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
ID = re.compile(r"(?:acct|call|top)_")
# What was written down when it happened stays as it was written: descriptions of movements, names
# of events. Refusals are those of the API, in English everywhere.
RECORDED = {"statement", "month", "security", "rates-unknown"}
NAMES = {"Mobayilo", "mobayilo", "Stripe", "XXXX-XXXX", "Atlantis"}
# What customers, price lists and the reasons of a revocation say.
GIVEN = {
    "revoked",
    "by",
    "you",
    "nightly",
    "report",
    "alarm",
    "anvil",
    "old",
    "laptop",
    "GB",
    "IE",
    "fixed",
    "mobile",
}
COUNTRIES = set(re.findall(r"\w+", " ".join(country_names().values())))


class Marks(NullTranslations):
    """A language whose every message stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return self.ngettext(msgid1, msgid2, n)

    def to_language(self) -> str:
        return "en-marked"


@pytest.fixture
def _marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(trans_real._translations, "en-marked", Marks())  # type: ignore[attr-defined]  # Django's store of catalogues
    with translation.override("en-marked"):
        yield


def unmarked(page: str) -> set[str]:
    """Words of a page that stand in no brackets."""
    aloud = " ".join(ALOUD.findall(CODE.sub(" ", page)))
    text = unescape(re.sub(r"<[^>]*>", " ", CODE.sub(" ", page)) + " " + aloud)
    while MARKED.search(text):
        text = MARKED.sub(" ", text)
    words = set(re.findall(r"[A-Za-z][\w.@+-]*[A-Za-z]", text)) - NAMES - GIVEN - COUNTRIES
    return {word for word in words if "@" not in word and not ID.match(word)}


def left_over(browser: Client, pages: dict[str, str]) -> dict[str, set[str]]:
    """The unmarked words of each page that has any."""
    left = {
        name: unmarked(browser.get(path).content.decode())
        for name, path in pages.items()
        if name not in RECORDED
    }
    return {name: words for name, words in left.items() if words}


@pytest.mark.usefixtures("_marked")
def test_words_of_visitors_are_marked(client: Client, db: None) -> None:
    deck_in_force()
    assert left_over(client, VISITOR_PAGES) == {}


@pytest.mark.usefixtures("_marked")
def test_words_of_customers_are_marked(alice: User) -> None:
    busy_customer(alice, calls=8)
    some_tokens(alice)
    browser = sign_in(alice)
    ids = one_of_each(alice)
    pages = CUSTOMER_PAGES | {name: path.format(**ids) for name, path in THING_PAGES.items()}
    assert left_over(browser, pages) == {}
