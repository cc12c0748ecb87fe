"""The time that the product waits for a provider in a test."""

import pytest


def patience_seconds(request: pytest.FixtureRequest) -> float:
    """Return a minute, since a busy machine answers late; half a second if a time-out is tested."""
    parameters = getattr(request.node, "callspec", None)
    return 0.5 if parameters and "timeout" in parameters.params.values() else 60.0
