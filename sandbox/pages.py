"""Rendering the pages for a person."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

_templates = Jinja2Templates(directory=Path(__file__).with_name("templates"))


def dollars(cents: int) -> str:
    return f"${cents / 100:,.2f}"


_templates.env.filters["dollars"] = dollars


def render(
    request: Request, template: str, context: dict[str, Any], *, status: int = 200
) -> Response:
    return _templates.TemplateResponse(request, template, context, status_code=status)
