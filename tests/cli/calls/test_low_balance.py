"""A balance that runs low."""

import pytest

from tests.cli.documents import BALANCE, TOKEN
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.parametrize(("is_low", "noted"), [(True, True), (False, False)])
def test_low_balance_is_noted_beside_the_data(
    moby: Moby, server: StubServer, is_low: bool, noted: bool
) -> None:
    server.on("GET", "balance", {**BALANCE, "is_low": is_low})
    ran = moby.run("balance", MOBY_TOKEN=TOKEN)
    assert ran.stdout.startswith("Balance: $19.95\n")
    assert ("moby topup 20 --open" in ran.stderr) is noted
