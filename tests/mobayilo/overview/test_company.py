"""Show the company behind the site, to people and to programs."""

import hashlib
import re
from urllib.robotparser import RobotFileParser

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEvent, User
from dev.pages import CUSTOMER_PAGES, VISITOR_PAGES
from dev.stack import ROOT
from tests.accounts.browser import sign_in
from tests.people import PASSWORD
from tests.telephony.callers import make_call
from tests.web.scenes import deck_in_force

pytestmark = [pytest.mark.db, pytest.mark.django_db]

WRITE_TO = '<a href="mailto:help@example.com">help@example.com</a>'


@pytest.fixture
def company(settings: Settings) -> Settings:
    settings.COMPANY_NAME = "Example Ltd"
    settings.COMPANY_ADDRESS = "1 Example Street; London; United Kingdom"
    settings.COMPANY_TAX_NUMBER = "GB 123"
    settings.SUPPORT_EMAIL = "help@example.com"
    return settings


@pytest.mark.parametrize("path", ["/contact", "/terms", "/privacy", "/refunds"])
def test_pages_of_the_company_name_it_and_its_address(
    client: Client, company: Settings, path: str
) -> None:
    page = client.get(path).content.decode()
    for text in ("Example Ltd", "1 Example Street", "United Kingdom", "GB 123"):
        assert text in page
    assert WRITE_TO in page


def test_privacy_policy_names_the_cookie_of_the_time_zone(
    client: Client, company: Settings
) -> None:
    page = client.get("/privacy").content.decode()
    assert "keeps your browser's time zone" in page
    assert "and no others" not in page


@pytest.mark.parametrize("path", ["/", "/terms", "/refunds"])
def test_pages_promise_free_unanswered_calls_only_where_that_is_so(
    client: Client, company: Settings, path: str
) -> None:
    free = "unanswered, refused or fails costs nothing"
    charged = "only the time that your own phone was connected is charged"
    for charges, said, unsaid in ((False, free, charged), (True, charged, free)):
        company.CHARGE_UNANSWERED_CALLS = charges
        page = client.get(path).content.decode()
        assert said in page
        assert unsaid not in page


@pytest.mark.parametrize(
    ("refunds", "said"),
    [
        (0, f"<p>For a refund write to {WRITE_TO}.</p>"),
        (1, f"You may do so once in 30 days; for any other refund write to {WRITE_TO}."),
        (3, f"You may do so 3 times in 30 days; for any other refund write to {WRITE_TO}."),
    ],
)
def test_refund_policy_counts_the_refunds_of_a_month(
    client: Client, company: Settings, refunds: int, said: str
) -> None:
    company.REFUNDS_PER_MONTH = refunds
    page = client.get("/refunds").content.decode()
    assert said in page
    assert ("On the site: Statement" in page) is (refunds > 0)


def test_receipt_of_a_call_and_statement_carry_the_seller(
    client: Client, company: Settings, alice: User
) -> None:
    deck_in_force()
    client.force_login(alice)
    call = make_call(alice, seconds=65)
    for path in (f"/calls/{call.public_id}", f"/statement/{call.created_at:%Y-%m}"):
        page = client.get(path).content.decode()
        assert "<strong>Example Ltd</strong>" in page
        assert "GB 123" in page


def test_legal_pages_of_the_operator_replace_ours(client: Client, settings: Settings) -> None:
    assert client.get("/terms").status_code == 404
    settings.TERMS_URL = "https://example.com/terms"
    assert client.get("/terms")["Location"] == "https://example.com/terms"


def test_sign_up_records_the_terms_and_a_change_asks_again(
    client: Client, company: Settings
) -> None:
    assert "you accept the" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", {"email": "dora@example.org", "password1": PASSWORD})
    dora = User.objects.get(email="dora@example.org")
    assert (dora.terms_version, dora.terms_accepted_at is not None) == ("2026-12-01", True)
    EmailAddress.objects.update(verified=True)
    browser = sign_in(dora)
    assert "Our terms have changed" not in browser.get("/home").content.decode()
    company.TERMS_VERSION = "2027-01-01"
    assert "Our terms have changed" in browser.get("/home").content.decode()
    for _ in range(2):
        browser.post("/terms/accept")
    assert "Our terms have changed" not in browser.get("/home").content.decode()
    accepted = AuditEvent.objects.filter(action="user.terms_accepted")
    assert [event.facts["version"] for event in accepted] == ["2026-12-01", "2027-01-01"]
    assert mail.outbox[0].reply_to == ["help@example.com"]


def test_terms_in_other_words_have_another_version(settings: Settings) -> None:
    """Customers accepted these words. Other words need another TERMS_VERSION in the settings.

    Until a release has them, the words of a version may change: note their digest here.
    """
    texts = [
        (ROOT / "templates" / "legal" / f"{name}.html").read_text()
        for name in ("terms", "privacy", "refunds")
    ]
    words = re.sub(r"<[^>]+>|(?<=blocktranslate)[^%]*|\s+", "", "".join(texts))
    digest = hashlib.sha256(words.encode()).hexdigest()[:16]
    assert (settings.TERMS_VERSION, digest) == ("2026-12-01", "5888a56e24b73f30")


def test_user_who_never_accepted_terms_is_asked_to_and_hears_of_no_change(
    company: Settings, alice: User
) -> None:
    browser = sign_in(alice)
    home = browser.get("/home").content.decode()
    assert "Please accept our terms." in home
    assert "have changed" not in home
    assert "<h1>Our terms</h1>" in browser.get("/terms/accept").content.decode()
    User.objects.update(terms_version="2026-01-01")
    assert "Our terms have changed." in browser.get("/home").content.decode()
    assert "<h1>New terms</h1>" in browser.get("/terms/accept").content.decode()


def test_addresses_that_programs_look_for(client: Client, company: Settings) -> None:
    text = client.get("/.well-known/security.txt").content.decode()
    assert text.startswith("Contact: mailto:help@example.com\nExpires: ")
    assert client.get("/.well-known/change-password")["Location"] == "/accounts/password/change/"
    for path in ("/favicon.ico", "/apple-touch-icon.png"):
        assert client.get(path)["Location"] == f"/static{path}"
    landing = client.get("/").content.decode()
    assert '<meta name="description"' in landing
    assert 'property="og:image" content="http://localhost:8000/static/share.png"' in landing


def test_crawlers_may_ask_for_pages_and_nothing_else(client: Client) -> None:
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").content.decode().splitlines())
    for path in (*VISITOR_PAGES.values(), *CUSTOMER_PAGES.values()):
        assert robots.can_fetch("crawler", path), path
    for path in ("/admin/", "/api/cli/v1/balance", "/oauth/token", "/webhooks/stripe"):
        assert not robots.can_fetch("crawler", path), path


def test_client_learns_the_address_of_support(client: Client, company: Settings) -> None:
    assert client.get("/api/cli/v1/client").json()["support_email"] == "help@example.com"
