"""Top-ups, started over the API."""

from django.test import Client

URL = "/api/cli/v1/topups"


def start(api: Client, amount_cents: object, **headers: str) -> dict[str, object]:
    body = {"amount_cents": amount_cents}
    answer = api.post(URL, body, content_type="application/json", headers=headers)
    return {"http": answer.status_code, **answer.json()}
