"""Lists of the API: newest first, by an opaque cursor."""

import re
from collections.abc import Sequence
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mobayilo.lib.errors import ProductError


class CursorPages(CursorPagination):
    """Pages as `{"items": [...], "next_cursor": …}`, of `?limit=` items: 25, or from 1 to 100."""

    page_size = 25
    page_size_query_param = "limit"
    max_page_size = 100
    ordering = "-id"

    def get_page_size(self, request: Request) -> int:
        limit = request.query_params.get("limit")
        if limit is None:
            return self.page_size
        if not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= self.max_page_size:
            _refuse("limit", f"Give a whole number from 1 to {self.max_page_size}.")
        return int(limit)

    def decode_cursor(self, request: Request) -> Cursor | None:
        if not request.query_params.get("cursor"):
            return None
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            cursor = None
        # A position is an id: without one, or with another text, the cursor was not made here.
        if cursor is None or not re.fullmatch("[0-9]{1,18}", str(cursor.position)):
            _refuse("cursor", "Give the next_cursor of the list before, unchanged.")
        return cursor

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        following = self.get_next_link()
        cursor = parse_qs(urlsplit(following).query)["cursor"][0] if following else None
        return Response({"items": data, "next_cursor": cursor})

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Return the parameters of a list for the schema of the API, with their bounds."""
        limit = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        cursor = {"type": "string"}
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": cursor,
             "description": "The next_cursor of an earlier answer."},
            {"name": "limit", "in": "query", "required": False,
             "schema": {**limit, "default": self.page_size},
             "description": "How many items to answer with."},
        ]  # fmt: skip

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["items", "next_cursor"],
            "properties": {
                "items": schema,
                "next_cursor": {"type": "string", "nullable": True},
            },
        }


def _refuse(field: str, message: str) -> NoReturn:
    raise ProductError(
        "invalid_request",
        f"`{field}` cannot be used.",
        details={"fields": {field: [message]}},
        terminal_message=f"That --{field} cannot be used.",
    )
