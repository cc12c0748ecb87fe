"""JSON in and out of the API: bodies of requests, and the form of answers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from mobayilo.lib.errors import ProductError


def is_storable(text: str) -> bool:
    """Return whether a row can hold a text: no NUL and no half of a surrogate pair in it."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


class StorableJsonParser(JSONParser):
    """A parser that refuses texts that no row can hold, although JSON can spell them.

    A refusal repeats names and values of a body, and may be kept for its Idempotency-Key.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - any JSON
        try:
            data = super().parse(stream, media_type, parser_context)
            can_be_stored = all(is_storable(text) for text in _texts(data))
        except RecursionError:
            raise ParseError("nested too deeply") from None
        if not can_be_stored:
            raise ProductError(
                "invalid_request",
                "The body contains a character that cannot be stored.",
                hint="Leave out NUL characters and halves of surrogate pairs.",
            )
        return data


def _texts(value: object) -> Iterator[str]:
    """Yield every name and every text in JSON, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


class JsonWhateverIsAccepted(DefaultContentNegotiation):
    """A negotiation that always ends in JSON.

    A program may send no `Accept`, or a wrong one: it can still read JSON, which helps it more than
    a refusal (406) does.
    """

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer, which is JSON, without a look at the `Accept` header."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
