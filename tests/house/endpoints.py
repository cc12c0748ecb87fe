"""Every endpoint of the API."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver


def endpoints(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from endpoints(entry, path)
        else:
            yield path, entry
