"""The id of a request."""

from django.test import Client


def test_request_id_is_taken_over_from_a_proxy_only_when_harmless(client: Client) -> None:
    kept = client.get("/healthz", headers={"X-Request-Id": "req_from-proxy"})
    replaced = client.get("/healthz", headers={"X-Request-Id": "a b\tc<script>"})
    assert kept["X-Request-Id"] == "req_from-proxy"
    assert replaced["X-Request-Id"].startswith("req_")
    assert "script" not in replaced["X-Request-Id"]
