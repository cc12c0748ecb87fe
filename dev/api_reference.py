"""docs/reference/api.md, from the OpenAPI schema and from what each view declares.

The schema says what an endpoint takes and gives; the views say which scope and limit they hold and
whether they honour Idempotency-Key. `make tables` writes the page.
"""

import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.urls import get_resolver

from dev.stack import ROOT
from mobayilo.lib.serializers import StrictSerializer

PAGE = ROOT / "docs" / "reference" / "api.md"
PREFIX = "/api/cli/v1/"
ERROR = "#/components/schemas/Error"  # described in errors.md
METHODS = ("get", "post", "put", "patch", "delete")
HEAD = """# API

The HTTP API behind `moby`, under `/api/cli/v1/`. This page is generated from the OpenAPI schema:
`make tables`. The schema itself: `python manage.py spectacular`.

- A request carries `Authorization: Bearer moby_…` unless it needs no token, and JSON in UTF-8.
  Fields that the server does not know are refused.
- A refusal has one shape and a code that stays: [errors](../errors.md).
- Amounts are exact decimal strings of US dollars, instants RFC 3339 in UTC, numbers E.164.
- Lists are newest first: `{"items": […], "next_cursor": …}`. `?limit=` takes 1 to 100 (25), and
  `?cursor=` the `next_cursor` of the answer before.
- A POST marked *Idempotency-Key* may carry that header, 1 to 255 visible ASCII characters. Sent
  again within 24 hours with the same body, it is answered again and not done again. After 429 or
  5xx the same body goes on where the first request ended. Another body is `idempotency_conflict`.
- Every answer has `X-Request-Id`. Too many requests get 429 with `Retry-After`; the
  [limits](../operations.md#limits) are named with each path.

A token is made on the page **Tokens** ([how](../guide/tokens.md)); a program signs a person in
by [device login](../guide/device-login.md#for-programs).
"""


def page() -> str:
    """Return the whole page. Django has to be set up."""
    out = StringIO()
    call_command("spectacular", "--format", "openapi-json", stdout=out)
    schema: dict[str, Any] = json.loads(out.getvalue())
    views = {}
    for pattern in get_resolver("mobayilo.api_urls").url_patterns:
        path = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        views[PREFIX + path] = getattr(pattern.callback, "view_class", None)
    parts = [HEAD]
    for path, operations in sorted(schema["paths"].items()):
        parts += [
            _operation(path, method, operations[method], views[path])
            for method in METHODS
            if method in operations
        ]
    parts.append("## Shapes\n")
    parts += [_shape(name, shape) for name, shape in _shown_shapes(schema)]
    return "\n".join(parts).rstrip() + "\n"


def _operation(path: str, method: str, operation: dict[str, Any], view: Any) -> str:  # noqa: ANN401 - a view class of any room
    lines = [f"## {method.upper()} {path.removeprefix(PREFIX)}", ""]
    lines += [_one_line(operation.get("description") or view.__doc__ or ""), ""]
    lines += [_conditions(method, view), ""]
    parameters = [p for p in operation.get("parameters", []) if p["in"] == "query"]
    if parameters:
        lines += ["Query: " + ", ".join(f"`{p['name']}`" for p in parameters) + ".", ""]
    for media in operation.get("requestBody", {}).get("content", {}).values():
        lines += [f"Takes {_type_of(media['schema'])}.", ""]
    lines += [f"Answers {_answers(operation['responses'])}.", ""]
    return "\n".join(lines)


def _conditions(method: str, view: Any) -> str:  # noqa: ANN401 - a view class of any room
    """Return the token and the limit of a method, and whether a repetition is safe."""
    if view.permission_classes:
        scope = view.scopes[method.upper()]
        token = f"Scope `{scope}`" if scope else "Any token"
    else:
        token = "No token"  # noqa: S105 - a word of the page
    limit = view.limit if isinstance(view.limit, str) else view.limit[method.upper()]
    words = [token, f"limit `{limit}`"]
    if method == "post" and hasattr(view, "idempotency_key"):
        words.append("Idempotency-Key")
    return " · ".join(words)


def _answers(responses: dict[str, Any]) -> str:
    return ", ".join(
        f"{status} with {_type_of(content['schema'])}"
        if (content := next(iter(answer.get("content", {}).values()), None))
        else f"{status} without a body"
        for status, answer in sorted(responses.items())
        if ERROR not in json.dumps(answer)
    )


def _type_of(schema: dict[str, Any]) -> str:
    """Return a schema in words: a linked shape, a list of shapes, or a plain type."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name.endswith("Enum"):
            return "one of its words"
        return _list_of(name) or f"[{name}](#{name.lower()})"
    if "allOf" in schema or "oneOf" in schema:
        return _type_of((schema.get("allOf") or schema["oneOf"])[0])
    if schema.get("type") == "array":
        return f"a list of {_type_of(schema['items'])}"
    kind = str(schema.get("type") or "anything")
    # The formats of numbers are those of the columns, and differ between databases.
    return str(schema.get("format") or kind) if kind == "string" else kind


def _list_of(name: str) -> str:
    found = re.fullmatch(r"Paginated(\w+)List", name)
    return f"a page of [{found[1]}](#{found[1].lower()})" if found else ""


def _shown_shapes(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the components that are objects; words and pages are written where they are used."""
    components = schema["components"]["schemas"]
    for name, shape in sorted(components.items()):
        if shape.get("type") == "object" and not _list_of(name) and not ERROR.endswith(f"/{name}"):
            yield name, {**shape, "words": components}


def _shape(name: str, shape: dict[str, Any]) -> str:
    lines = [f"### {name}", ""]
    description = _one_line(shape.get("description", ""))
    is_inherited = description == _one_line(StrictSerializer.__doc__ or "")
    if description and not is_inherited:
        lines += [description, ""]
    lines += ["| field | type |", "|---|---|"]
    is_request = name.endswith("Request")
    required = shape.get("required", [])
    for field, schema in shape.get("properties", {}).items():
        parts = [_field_type(schema, shape["words"])]
        if is_request:
            parts += _bounds(schema)
        parts += ["or null"] if schema.get("nullable") else []
        parts += ["may be left out"] if is_request and field not in required else []
        lines.append(f"| `{field}` | {', '.join(parts)} |")
    return "\n".join([*lines, ""])


def _field_type(schema: dict[str, Any], components: dict[str, Any]) -> str:
    """Return the type of a field, or the words that it takes if it takes only some."""
    inner = (schema.get("allOf") or schema.get("oneOf") or [schema])[0]
    inner = inner.get("items", inner)
    if "$ref" in inner:
        inner = components[inner["$ref"].rsplit("/", 1)[1]]
    return ", ".join(f"`{word}`" for word in inner.get("enum", [])) or _type_of(schema)


def _bounds(schema: dict[str, Any]) -> list[str]:
    """Return the bounds of a field. Only fields of requests have bounds that we promise."""
    written = (("minimum", "from {}"), ("maximum", "to {}"), ("maxLength", "at most {} characters"))
    return [words.format(schema[name]) for name, words in written if name in schema]


def _one_line(text: str) -> str:
    return " ".join(text.split())
