"""What the views of the API do not say of themselves: whether a token is optional, and our one
shape of errors.
"""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from mobayilo.lib.errors import ERRORS

# What can be wrong with a request, and what is paused for a moment. Never 500.
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
    """Knows that a view which takes tokens and asks for none may be used without."""

    def get_auth(self) -> list[dict[str, Any]]:
        known = super().get_auth()
        return known if self.view.permission_classes else [*known, {}]


def add_refusals(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Called by drf-spectacular with the schema that it made."""
    result["components"]["schemas"]["Error"] = ERROR
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            for status in REFUSALS:
                operation["responses"][status] = {"description": "Refused.", "content": content}
    return result
