"""Additions to the schema of the API: whether a token is optional, and our shape of errors."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema

from mobayilo.lib.errors import ERRORS
from mobayilo.lib.serializers import StrictSerializer

# A request can be wrong, or the answer paused for a moment. Never 500.
REFUSALS = ("4XX", "503")
ERROR = {
    "type": "object",
    "description": "Any refusal.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint", "request_id", "details"],
            "properties": {
                "code": {"type": "string", "enum": sorted(ERRORS)},
                "message": {"type": "string"},
                "hint": {"type": "string"},
                "request_id": {"type": "string"},
                "details": {"type": "object", "additionalProperties": {}},
            },
        }
    },
}


class OperationSchema(AutoSchema):
    """The schema of an operation; a view that takes tokens and requires none has both ways."""

    def get_auth(self) -> list[dict[str, Any]]:
        known = super().get_auth()
        return known if self.view.permission_classes else [*known, {}]


class StrictRequest(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # registers
    """The schema of a request whose serializer refuses unknown fields: it says so."""

    target_class = StrictSerializer
    match_subclasses = True

    def map_serializer(
        self, auto_schema: AutoSchema, direction: Literal["request", "response"]
    ) -> dict[str, Any]:
        schema = auto_schema._map_serializer(  # type: ignore[no-untyped-call]  # as its own do
            self.target, direction, bypass_extensions=True
        )
        return {**schema, "additionalProperties": False}


def add_refusals(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the refusals to the schema that drf-spectacular made; it calls this function."""
    result["components"]["schemas"]["Error"] = ERROR
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            for status in REFUSALS:
                operation["responses"][status] = {"description": "Refused.", "content": content}
    return result
