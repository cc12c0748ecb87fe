"""allauth's pages behind a limit of ours.

allauth counts requests too, but not on every page, and it sends no `Retry-After`.
"""

from collections.abc import Iterable

from allauth.urls import urlpatterns as of_allauth
from django.urls import URLPattern, URLResolver

from mobayilo.lib.ratelimits import limited


def _limit(entries: Iterable[URLPattern | URLResolver]) -> None:
    for entry in entries:
        if isinstance(entry, URLResolver):
            _limit(entry.url_patterns)
        else:
            entry.callback = limited("sign-in", methods=("POST",))(entry.callback)


urlpatterns = list(of_allauth)
_limit(urlpatterns)
