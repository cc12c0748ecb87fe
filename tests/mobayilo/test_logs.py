"""Lines of the log: their fields, and the secrets that they never have."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from mobayilo.logs import ContextFilter, Formatter, mask
from tests.people import api_client, new_token
from tests.web.scenes import proved_phone

pytestmark = pytest.mark.django_db


class Lines(logging.Handler):
    """The lines that the server would write."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(Formatter())
        self.addFilter(ContextFilter())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def written() -> Iterator[Lines]:
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_request_line_shows_whose_request_it_was(alice: User, written: Lines) -> None:
    browser = Client()
    browser.force_login(alice)
    page = browser.get("/home")
    api = api_client(new_token(alice).secret).get("/api/cli/v1/balance")
    told = [line for line in written.lines if line["logger"] == "mobayilo.requests"]
    assert [line["route"] for line in told] == ["home", "api/cli/v1/balance"]
    for line, answer in zip(told, (page, api), strict=True):
        assert line["account"] == alice.account.public_id
        assert (line["method"], line["status"]) == ("GET", 200)
        assert line["request_id"] == answer["X-Request-Id"]
        assert line["duration_ms"] > 0


def test_request_line_of_someone_unknown_has_no_account(client: Client, written: Lines) -> None:
    client.get("/api/cli/v1/client")
    (line,) = [line for line in written.lines if line["logger"] == "mobayilo.requests"]
    assert line["account"] == ""


def test_failing_request_is_named_by_its_route(alice: User, written: Lines) -> None:
    phone = proved_phone(alice)
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Failed: %s", (), None)
    client = Client()
    request = client.get(f"/api/cli/v1/caller-ids/{phone.public_id}?user_code=BCDF").wsgi_request
    record.args, vars(record)["request"] = (request.path,), request
    logging.getLogger("django.request").handle(record)
    line = json.dumps(written.lines[-1])
    assert "Failed: api/cli/v1/caller-ids/<str:public_id>" in line
    assert phone.public_id not in line
    assert "BCDF" not in line


def test_log_line_is_json_and_hides_numbers_and_tokens() -> None:
    token = "moby_pat_" + "a" * 36
    record = logging.LogRecord(
        "x", logging.INFO, "", 0, "call %s %s", ("+442079460018", token), None
    )
    record.request_id = "req_1"
    line = json.loads(Formatter().format(record))
    assert line["message"] == "call +…0018 moby_pat_…"
    assert line["request_id"] == "req_1"


@pytest.mark.parametrize("number", ["+442079460018", "%2B442079460018", "%2b442079460018"])
def test_mask_hides_a_number_however_it_is_written(number: str) -> None:
    assert mask(f"GET /rates?number={number}&x=1") == "GET /rates?number=+…0018&x=1"


def test_mask_leaves_short_numbers_and_amounts_alone() -> None:
    assert mask("+15 % in 2079460018 ms") == "+15 % in 2079460018 ms"
