"""Keys by which a request can be repeated."""

import pytest

from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_lost_answer_says_how_to_repeat(moby: Moby, server: StubServer) -> None:
    for _ in range(3):
        server.on("POST", "topups", drops=True)
    hint = moby.run("topup", "20", "--json", "--idempotency-key", "mine").error["hint"]
    assert hint.endswith("To repeat it safely, add: --idempotency-key mine")
