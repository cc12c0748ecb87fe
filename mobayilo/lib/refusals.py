"""What a request was refused with, noted on the request for whoever records it afterwards.

An answer does not tell: a page shows a refusal beside its field, or after a redirect.
"""

from django.http import HttpRequest

from mobayilo.lib.errors import ProductError


def note_refusal(request: HttpRequest, error: ProductError) -> None:
    """Keeps a refusal that is being answered; the last one counts."""
    vars(request)["refusal"] = error


def noted_refusal(request: HttpRequest) -> ProductError | None:
    """What the request was refused with, if it was."""
    noted = vars(request).get("refusal")
    return noted if isinstance(noted, ProductError) else None
