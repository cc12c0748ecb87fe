"""The terms that a user accepted: at sign-up, and once more when they change."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from mobayilo.lib.seller import missing_legal_pages


def must_accept(user: User) -> bool:
    """Return whether there are terms in force that the user has not accepted."""
    return not missing_legal_pages() and user.terms_version != settings.TERMS_VERSION


def accept_terms(user: User, *, request: HttpRequest) -> None:
    """Record that a user accepts the terms in force, once for each version."""
    version = settings.TERMS_VERSION
    user_to_accept = User.objects.filter(pk=user.pk).exclude(terms_version=version)
    if user_to_accept.update(terms_version=version, terms_accepted_at=timezone.now()):
        audit.record(
            "user.terms_accepted",
            account=user.account,
            user=user,
            request=request,
            version=version,
        )
