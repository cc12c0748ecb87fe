"""Changes in who may act for an account, mailed to every user of it.

The audit log has them too; a mail reaches users who do not look there. The event's id makes each
mail one.
"""

from django.db import models
from django.db.models import Q

from accounts.mail.outbox import queue_mail
from accounts.models import AuditEvent, User


class Change(models.TextChoices):
    """A change about a user; the template of the mail has a sentence for each."""

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

    `user` gets it too, also when locked, unless `to_user` is False: where another mail says it.
    """
    users = User.objects.filter(account=user.account).filter(Q(is_active=True) | Q(pk=user.pk))
    context = {"change": change.value, "who": former_email or user.email, "email_now": user.email}
    for one in users if to_user else users.exclude(pk=user.pk):
        queue_mail(
            one,
            template="accounts/mail/access_changed",
            context=context,
            key=f"access_changed:{event.pk}:{one.pk}",
        )
