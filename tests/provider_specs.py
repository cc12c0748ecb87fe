"""The providers' published descriptions, and the checker of exchanges that comes with them.

They are kept outside the project: SHARED_DIR, or a folder `shared` beside it.
"""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("SHARED_DIR", Path(__file__).resolve().parents[2] / "shared"))
CHECKER = SHARED / "tools" / "check_http_against_spec.py"
SPECS = {
    "api.twilio.com": "twilio_api_v2010.json",
    "verify.twilio.com": "twilio_verify_v2.json",
    "pricing.twilio.com": "twilio_pricing_v2.json",
    "api.stripe.com": "stripe_2026-10-28.json",
}
needs_descriptions = pytest.mark.skipif(not CHECKER.exists(), reason=f"no descriptions in {SHARED}")


def load_checkers(**options: Any) -> dict[str, Any]:
    """A checker for each host. Twilio's prices are strings, as its own examples have them."""
    spec = importlib.util.spec_from_file_location("check_http_against_spec", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        host: module.Checker(
            json.loads((SHARED / "specs" / name).read_text()),
            numeric_strings="pricing" in host,
            **options,
        )
        for host, name in SPECS.items()
    }
