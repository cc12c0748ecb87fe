"""Destinations that an operator opened for an account, or for everybody."""

import re

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.audit import AnyRequest
from accounts.models import Account, User
from mobayilo.lib.errors import ProductError
from telephony.models import OpenedDestination
from telephony.numbers import Number, country_code

_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")


def is_opened(account: Account, number: Number, rated_country: str) -> bool:
    """Whether an operator opened a number. Asked only where it would be refused otherwise."""
    prefixes = [number.e164[:length] for length in range(2, len(number.e164) + 1)]
    return OpenedDestination.objects.filter(
        Q(account=account) | Q(account=None),
        closed_at=None,
        destination__in=[number.country, rated_country, *prefixes],
    ).exists()


def read_destination(text: str) -> str:
    """An ISO country, or + and a prefix, as a person wrote it. Raises `invalid_request`."""
    written = re.sub(r"[\s().-]", "", text)
    if written.startswith("+"):
        if _PREFIX.fullmatch(written):
            return written
        raise ProductError("invalid_request", "A prefix is + and at most 15 digits.")
    return country_code(text)


def open_destination(
    *, account: Account | None, destination: str, reason: str, staff: User, request: AnyRequest
) -> OpenedDestination:
    """Lets an account, or everybody, call a country or a prefix."""
    try:
        with transaction.atomic():
            opened = OpenedDestination.objects.create(
                account=account, destination=destination, reason=reason, opened_by=staff
            )
            audit.record(
                "destination.opened", account=account, user=staff, request=request,
                destination=destination, reason=reason,
            )  # fmt: skip
    except IntegrityError:
        raise ProductError("invalid_request", f"{destination} is open already.") from None
    return opened


def close_destination(
    opened: OpenedDestination, *, reason: str, staff: User, request: AnyRequest
) -> bool:
    """Lets the rules of the house apply again; False if they did."""
    with transaction.atomic():
        open_ones = OpenedDestination.objects.filter(pk=opened.pk, closed_at=None)
        if not open_ones.update(closed_at=timezone.now()):
            return False
        audit.record(
            "destination.closed", account=opened.account, user=staff, request=request,
            destination=opened.destination, reason=reason,
        )  # fmt: skip
    return True
