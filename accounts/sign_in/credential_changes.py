"""A new password or email address: other browsers are signed out, and tokens are in question.

allauth tells of these changes by its signals; there is no other place to learn of them all.
"""

from typing import Any

from allauth.account import signals
from allauth.usersessions.models import UserSession
from django.db import transaction
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


def connect() -> None:
    """Listens to allauth; called once when the app is ready."""
    for signal, action in CHANGES.items():
        signal.connect(_on_change, dispatch_uid=f"accounts.{action}")


def settle_tokens(user: User, *, revoke: bool, request: HttpRequest) -> int:
    """The user's answer to what becomes of the tokens made before; how many were revoked."""
    with transaction.atomic():
        asked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        User.objects.filter(pk=user.pk).update(tokens_in_question_at=None)
        if asked.tokens_in_question_at is None or not revoke:
            record("tokens.kept", account=user.account, user=user, request=request)
            return 0
        old = tokens_in_question(asked)
        reason = "password or email changed"
        return revoke_tokens(old, actor=user, reason=reason, request=request)


def tokens_in_question(user: User) -> AccessTokenQuerySet:
    """Live tokens made before the change, and what rotations have made of them since."""
    tokens = AccessToken.objects.for_user(user)
    before = tokens.filter(created_at__lte=user.tokens_in_question_at)
    return tokens.live().filter(line__in=before.values("line"))


def _on_change(*, signal: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signals have no type here
    _end_other_sessions(user, request)
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


def _end_other_sessions(user: User, request: HttpRequest) -> None:
    others = UserSession.objects.filter(user=user).exclude(
        session_key=request.session.session_key or ""
    )
    for session in others:
        session.end()
