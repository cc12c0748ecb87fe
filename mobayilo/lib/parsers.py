"""The body of a request to the API, as JSON."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from mobayilo.lib.errors import ProductError
from mobayilo.lib.texts import is_storable


class StorableJsonParser(JSONParser):
    """Refuses texts that no row can hold: refusals tell names and values of a body back, and an
    answer may be kept for its Idempotency-Key.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - any JSON
        try:
            data = super().parse(stream, media_type, parser_context)
            is_fit = all(map(is_storable, _texts(data)))
        except RecursionError:
            raise ParseError("nested too deeply") from None
        if not is_fit:
            raise ProductError(
                "invalid_request", "The body has a character that is none.", hint="Leave it out."
            )
        return data


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
