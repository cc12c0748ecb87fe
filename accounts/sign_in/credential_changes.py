"""A new password or email address: other browsers are signed out, and tokens are in question.

allauth sends signals for these changes; no other place sees each. The app imports this module when
it is ready, which connects the receiver.
"""

from typing import Any

from allauth.account import signals
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.audit import record
from accounts.mail.notices import Change, mail_access_change
from accounts.models import AccessToken, AccessTokenQuerySet, User
from accounts.oauth.device_login import end_logins
from accounts.tokens.lifecycle import revoke_tokens

CHANGES = {
    signals.password_changed: "password.changed",
    signals.password_set: "password.set",
    signals.password_reset: "password.reset",
    signals.email_changed: "email.changed",
}


def settle_tokens(user: User, *, revoke: bool, request: HttpRequest) -> int:
    """Apply the user's decision about the tokens made before; return how many were revoked."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        User.objects.filter(pk=user.pk).update(tokens_in_question_at=None)
        if locked.tokens_in_question_at is None or not revoke:
            record("tokens.kept", account=user.account, user=user, request=request)
            return 0
        old = tokens_in_question(locked)
        reason = "password or email changed"
        return revoke_tokens(old, actor=user, reason=reason, request=request)


def tokens_in_question(user: User) -> AccessTokenQuerySet:
    """Return live tokens made before the change, and their successors by rotation."""
    tokens = AccessToken.objects.for_user(user)
    before = tokens.filter(created_at__lte=user.tokens_in_question_at)
    return tokens.live().filter(line__in=before.values("line"))


@receiver(list(CHANGES))
def _on_change(*, signal: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signals have no type here
    """Sign other browsers out, put tokens in question, record the change, and mail every user.

    allauth sends `email_changed` for the first address of a user too, when it is confirmed.
    """
    if signal is signals.email_changed and kwargs.get("from_email_address") is None:
        record("email.confirmed", account=user.account, user=user, request=request)
        return
    end_other_sessions(request, user)
    end_logins([user])
    if AccessToken.objects.live().for_user(user).exists():
        User.objects.filter(pk=user.pk).update(tokens_in_question_at=timezone.now())
    event = record(CHANGES[signal], account=user.account, user=user, request=request)
    if former := kwargs.get("from_email_address"):
        mail_access_change(
            Change.ADDRESS_CHANGED,
            event=event,
            user=user,
            to_user=False,  # allauth writes to the former address
            former_email=former.email,
        )
