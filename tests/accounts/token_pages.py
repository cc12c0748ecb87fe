"""Tokens, made on their page."""

import re

from django.test import Client

SECRET = re.compile(r"moby_pat_[0-9A-Za-z]{36}")


def create(browser: Client, **changes: object) -> str:
    answer = browser.post("/settings/tokens/new", {**terms(), **changes})
    assert answer.status_code == 200, answer.context["form"].errors
    return str(SECRET.findall(answer.content.decode())[0])


def terms() -> dict[str, object]:
    return {"name": "ci", "scopes": ["calls:read"], "expires": "30"}
