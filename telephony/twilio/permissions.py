"""Countries that Twilio does not call for our account, read now and then and kept.

A country that is closed there is refused before any phone rings.
"""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from telephony.models import DialingPermissions
from telephony.twilio import gateway

# Permissions that were not read for so long refuse nothing: the carrier may have opened a country.
FRESH = timedelta(days=1)


def read_permissions() -> DialingPermissions:
    """Store the countries that Twilio does not call for us, in place of those read before.

    Return the row. Raise ProductError if Twilio does not answer.
    """
    closed, count = gateway.closed_countries()
    facts = {
        "closed_countries": " ".join(sorted(closed)),
        "country_count": count,
        "read_at": timezone.now(),
    }
    row, _ = DialingPermissions.objects.update_or_create(pk=1, defaults=facts)
    return row


def fresh_permissions() -> QuerySet[DialingPermissions]:
    """Return a query for the permissions, empty if they were not read for long."""
    return DialingPermissions.objects.filter(read_at__gt=timezone.now() - FRESH)
