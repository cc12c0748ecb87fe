"""Mails about tokens and about who may act for an account, each queued once.

The audit log has the same events; a mail reaches users who do not look there.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.mail.outbox import queue_mail, queue_mail_to_users
from accounts.models import AccessToken, Account, AuditEvent, OutboxMail, Scope, User

# (at most, more than) so many days before the end; one mail for each pair.
EXPIRY_BANDS_DAYS = ((7, 1), (1, 0))


def mail_token_created(token: AccessToken, *, country: str) -> None:
    """Mail about a new token; `country` is that of the request, empty if it is not known."""
    kind = "device_approved" if token.kind == AccessToken.Kind.DEVICE else "token_created"
    place = f" ({country})" if country else ""
    _queue(token, kind, ip=f"{token.created_ip or ''}{place}")


def mail_token_rotated(token: AccessToken, *, grace_seconds: int) -> None:
    _queue(token, "token_rotated", grace_hours=round(grace_seconds / 3600))


def mail_tokens_leaked(tokens: Iterable[AccessToken]) -> None:
    for token in tokens:
        _queue(token, "token_leaked")


def mail_token_reused(token: AccessToken) -> None:
    _queue(token, "token_reused")


def mail_tokens_that_expire() -> int:
    """Queue the mails about tokens that end in 7 days and in 1 day; return how many.

    A token that lives no longer than that gets no such mail, and a replaced token gets none. Tokens
    whose mail was queued are left out by the query, since it runs every few seconds.
    """
    queued = 0
    now = timezone.now()
    in_use = AccessToken.objects.live().filter(rotated_at=None, user__is_active=True)
    for days, above in EXPIRY_BANDS_DAYS:
        span = timedelta(days=days)
        key = Concat(Value("token_expiring:"), OuterRef("public_id"), Value(f":{days}"))
        soon = in_use.filter(
            ~Exists(OutboxMail.objects.filter(key=key)),
            expires_at__lte=now + span,
            expires_at__gt=now + timedelta(days=above),
            created_at__lt=F("expires_at") - span,
        )
        for token in soon.select_related("user").iterator():
            queued += _queue(token, "token_expiring", once_per=str(days))
    return queued


def _queue(token: AccessToken, template: str, *, once_per: str = "", **more: Any) -> bool:
    """Queue a mail about a token, once, or once for each `once_per`. Return False on repetition."""
    expires_at = token.expires_at
    context = {
        "name": token.name,
        "last_four": token.last_four,
        "token_id": token.public_id,
        "scopes": [str(Scope(scope).label) for scope in token.scopes],
        "expires_at": f"{expires_at:%-d %B %Y, %H:%M} UTC" if expires_at else "",
        "client": token.client,
        "device_name": token.device_name,
        "ip": token.created_ip or "",
        **more,
    }
    key = ":".join(filter(None, [template, token.public_id, once_per]))
    return queue_mail(token.user, template=f"accounts/mail/{template}", context=context, key=key)


def mail_freeze(account: Account, *, event: AuditEvent, reason: str) -> None:
    """Queue the mail about a freeze or a thaw, with its reason, for each active user.

    The event's id keeps each mail from being queued twice.
    """
    name = event.action.replace(".", "_")  # account_frozen, account_thawed
    queue_mail_to_users(
        account,
        template=f"accounts/mail/{name}",
        context={"reason": reason},
        key=f"{name}:{event.pk}",
    )


class Change(models.TextChoices):
    """A change about a user. The template of the mail has a sentence for each."""

    USER_ADDED = "user_added"
    USER_LOCKED = "user_locked"
    USER_UNLOCKED = "user_unlocked"
    FACTOR_REMOVED = "factor_removed"
    RESET_LINK_SENT = "reset_link_sent"
    ADDRESS_CHANGED = "address_changed"


def mail_access_change(
    change: Change, *, event: AuditEvent, user: User, to_user: bool = True, former_email: str = ""
) -> None:
    """Queue the mail about a change to `user` for all active users of the account.

    `user` gets it too, also when locked, unless `to_user` is False, where another mail reports it.
    The event's id keeps each mail from being queued twice.
    """
    users = User.objects.filter(account=user.account).filter(Q(is_active=True) | Q(pk=user.pk))
    context = {"change": change.value, "who": former_email or user.email, "email_now": user.email}
    for recipient in users if to_user else users.exclude(pk=user.pk):
        queue_mail(
            recipient,
            template="accounts/mail/access_changed",
            context=context,
            key=f"access_changed:{event.pk}:{recipient.pk}",
        )
