"""Headers that are sent to Stripe besides the request itself."""

from pathlib import Path

import pytest
import requests

from billing.payments.gateway import session_for


@pytest.mark.parametrize("base_url", ["", "http://127.0.0.1:8001"])
def test_login_in_netrc_does_not_replace_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base_url: str
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    asked = requests.Request("GET", "https://api.stripe.com/", {"Authorization": "Bearer sk"})
    assert session_for(base_url).prepare_request(asked).headers["Authorization"] == "Bearer sk"
    assert requests.Session().prepare_request(asked).headers["Authorization"] != "Bearer sk"
