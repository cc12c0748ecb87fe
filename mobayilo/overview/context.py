"""What every page's frame shows."""

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """The request id, to be quoted to support."""
    return {"request_id": getattr(request, "request_id", "")}
