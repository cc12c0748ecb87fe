"""The live API against its own schema: no 500, and no answer that the schema does not know."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.customer import Customer
from dev.stack import BIN, Stack
from tests.live import running_stack
from tests.people import PASSWORD

pytestmark = pytest.mark.production
# The suite sends so many requests to each operation, the same each time and however busy the
# machine is; `make fuzz` goes on for its seconds, and sends something new.
SUITE = ("--seed", "7", "--max-examples", "10")
SECONDS = os.environ.get("FUZZ_SECONDS")
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "unsupported_method",
    "allow_header_conformance", "ignored_auth", "use_after_free",
)  # fmt: skip
# Chance alone writes no phone number.
EXAMPLES = {
    "number": "+442079460018", "to": "+442079460018", "country": "GB", "amount_cents": 2000,
    "scopes": ["calls:read"], "name": "ci",
}  # fmt: skip
# A run that is refused everywhere proves nothing.
REACHED = {
    ("GET", "balance"), ("GET", "calls"), ("GET", "transactions"), ("POST", "calls"),
    ("POST", "quote"), ("POST", "topups"), ("POST", "tokens"), ("DELETE", "token"),
}  # fmt: skip


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    many = dict.fromkeys(("CALLS_PER_HOUR", "NEW_NUMBERS_PER_HOUR", "CALLS_AT_ONCE"), "1000000")
    settings = {"RATELIMIT_ENABLE": "false", **many}
    with running_stack(tmp_path_factory.mktemp("schema"), settings) as running:
        yield running


@pytest.fixture(scope="module")
def token(product: Stack) -> str:
    """Of a customer with a proved phone and money."""
    alice = Customer(product, "alice@example.org", PASSWORD, product.folder / "home")
    alice.browser.sign_up(alice.email, alice.password)
    alice.log_in_with_token("tokens:write")
    alice.prove("+447400123456")
    alice.top_up("100")
    return alice.moby("auth", "token").stdout.strip()


@pytest.fixture(scope="module")
def schema(product: Stack) -> Path:
    path = product.folder / "schema.json"
    product.manage("spectacular", "--format", "openapi-json", "--file", str(path))
    document = json.loads(path.read_text())
    for shape in document["components"]["schemas"].values():
        for name, field in shape.get("properties", {}).items():
            if name in EXAMPLES and "$ref" not in field:
                field["example"] = EXAMPLES[name]
    path.write_text(json.dumps(document))
    return path


def schemathesis(
    product: Stack, schema: Path, token: str, *options: str
) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "schemathesis"), "--no-color", "run", str(schema), "--url", product.web]
    command += ["-H", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS)]
    command += ["--warnings", "off", "--suppress-health-check", "all", *options]
    return subprocess.run(command, cwd=product.folder, capture_output=True, text=True, check=False)


def answered(product: Stack) -> set[tuple[str, str]]:
    """Return method and route of each answer that was no refusal."""
    lines: list[dict[str, Any]] = [
        json.loads(line)
        for line in (product.folder / "web.log").read_text().splitlines()
        if '"duration_ms"' in line
    ]
    done = {(line["method"], line["route"]) for line in lines if line["status"] < 300}
    return {(method, route.removeprefix("api/cli/v1/")) for method, route in done}


@pytest.mark.timeout(0)
def test_api_answers_within_its_schema_whatever_is_asked(
    product: Stack, schema: Path, token: str
) -> None:
    # Operations that end tokens come last, since one token is ours.
    most = schemathesis(
        product, schema, token, "--exclude-method", "DELETE",
        *(("--max-time", SECONDS) if SECONDS else SUITE),
    )  # fmt: skip
    assert most.returncode == 0, most.stdout
    ends = schemathesis(
        product, schema, token, "--include-method", "DELETE",
        *(("--max-time", "10") if SECONDS else SUITE),
    )  # fmt: skip
    assert ends.returncode == 0, ends.stdout
    assert answered(product) >= REACHED
