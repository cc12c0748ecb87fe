"""Actions of support on accounts: each has a reason and is recorded."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from accounts.access import signed_in_user
from accounts.audit import record
from accounts.mail import ALREADY_EXISTS, RESET, Change, mail_access_change, mail_freeze, queue_mail
from accounts.models import AccessToken, Account, AuditEvent, OutboxMail, User
from accounts.oauth.device_login import end_logins
from accounts.staff.second_person import refuse_self_and_colleagues
from accounts.tokens.lifecycle import outlasting, revoke_tokens
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ids import random_base62

# Mails that lead their reader to a new password.
SETS_PASSWORD = (RESET, ALREADY_EXISTS, "accounts/mail/user_added")


def freeze(account: Account, *, reason: str, request: HttpRequest) -> bool:
    """Stop calls and top-ups of an account; return False if it was frozen for this reason before.

    The reason replaces that of a dispute, so that the account stays frozen if the dispute is won.
    """
    with transaction.atomic():
        not_yet = Account.objects.filter(pk=account.pk).exclude(
            frozen_at__isnull=False, frozen_reason=reason
        )
        since = Coalesce("frozen_at", timezone.now())
        if not not_yet.update(frozen_at=since, frozen_reason=reason):
            return False
        event = _record("account.frozen", account, request, reason=reason)
        mail_freeze(account, event=event, reason=reason)
    return True


def thaw(account: Account, *, reason: str, request: HttpRequest) -> bool:
    """Let an account call and top up again; return False if it was not frozen."""
    with transaction.atomic():
        frozen = Account.objects.filter(pk=account.pk, frozen_at__isnull=False)
        if not frozen.update(frozen_at=None, frozen_reason=""):
            return False
        event = _record("account.thawed", account, request, reason=reason)
        mail_freeze(account, event=event, reason=reason)
    return True


def tighten_token_policy(
    account: Account, *, max_days: int | None, cut: bool, reason: str, request: HttpRequest
) -> int:
    """Set how long tokens of an account may live; return how many live tokens were cut to it.

    `max_days=None` goes back to the setting. Without `cut`, existing tokens keep their end.
    """
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(token_max_days=max_days)
        ended = 0
        if cut and max_days is not None:
            too_long = outlasting(account, max_days=max_days)
            ended = too_long.update(expires_at=F("created_at") + timedelta(days=max_days))
        _record(
            "account.tokens_tightened", account, request, reason=reason, days=max_days, cut=ended
        )
    return ended


def end_sessions(user: User, *, reason: str, request: HttpRequest) -> int:
    """Sign a user out of every browser; return how many sessions ended."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    _record("user.sessions_ended", user.account, request, reason=reason, of=user.email)
    return len(sessions)


def lock(user: User, *, reason: str, request: HttpRequest) -> bool:
    """Keep a user out: no sign-in, no sessions, no tokens. Return False if locked before."""
    with transaction.atomic():
        was_active = User.objects.filter(pk=user.pk, is_active=True).update(is_active=False)
        event = _record("user.locked", user.account, request, reason=reason, of=user.email)
        if was_active:
            mail_access_change(Change.USER_LOCKED, event=event, user=user)
    end_sessions(user, reason=reason, request=request)
    end_logins([user])
    live = AccessToken.objects.live().for_user(user)
    revoke_tokens(live, actor=signed_in_user(request), reason="locked by support", request=request)
    return bool(was_active)


def unlock(user: User, *, reason: str, request: HttpRequest) -> bool:
    """Let a user sign in again; tokens stay revoked. Return False if the user was not locked."""
    with transaction.atomic():
        was_locked = User.objects.filter(pk=user.pk, is_active=False).update(is_active=True)
        if was_locked:
            event = _record("user.unlocked", user.account, request, reason=reason, of=user.email)
            mail_access_change(Change.USER_UNLOCKED, event=event, user=user)
    return bool(was_locked)


def remove_second_factor(user: User, *, reason: str, request: HttpRequest) -> bool:
    """Take away every second factor and passkey, end all sessions, and mail every user.

    Return False if there was none.
    """
    with transaction.atomic():
        deleted, _ = Authenticator.objects.filter(user=user).delete()
        if not deleted:
            return False
        removal = _record(
            "user.second_factor_removed", user.account, request, reason=reason, of=user.email
        )
        queue_mail(
            user,
            template="accounts/mail/second_factor_removed",
            context={},
            key=f"second_factor_removed:{removal.pk}",
        )
        mail_access_change(Change.FACTOR_REMOVED, event=removal, user=user, to_user=False)
    end_sessions(user, reason=reason, request=request)
    return True


def record_rights(user: User, *, changed: list[str], reason: str, request: HttpRequest) -> None:
    """Record that a superuser changed a user's rights; mail every user about a lock."""
    event = _record(
        "user.changed", user.account, request, reason=reason, of=user.email, changed=changed
    )
    if "is_active" in changed:
        change = Change.USER_UNLOCKED if user.is_active else Change.USER_LOCKED
        mail_access_change(change, event=event, user=user)


def add_user(email: str, *, account: Account | None, reason: str, request: HttpRequest) -> User:
    """Make a user for an account, or with an account of their own, who sets a password by mail.

    The users that the account has are mailed. Raise `invalid_request` for an address that is in
    use, and for an address of staff in a customer's account.
    """
    refuse_self_and_colleagues(signed_in_user(request), [account])
    if problem := problem_with_new_address(email, account=account):
        raise ProductError("invalid_request", problem)
    fields: dict[str, Any] = {"account": account} if account else {}
    with transaction.atomic():
        user = User.objects.create_user(email, None, **fields)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
        queue_mail(
            user,
            template="accounts/mail/user_added",
            context={},
            key=f"user_added:{user.pk}",
        )
        event = _record("user.added", user.account, request, reason=reason, of=user.email)
        mail_access_change(Change.USER_ADDED, event=event, user=user, to_user=False)
    return user


def problem_with_new_address(email: str, *, account: Account | None) -> str | None:
    """Return why a user of this address cannot be added to an account; None if one can."""
    taken = EmailAddress.objects.filter(email__iexact=email)
    if taken.exists() or User.objects.filter(email=email.lower()).exists():
        return "There is a user of this address."
    by_staff = EmailAddress.objects.filter(user__is_staff=True).values_list("email", flat=True)
    if account is not None and _mailbox(email) in map(_mailbox, by_staff):
        return "This is an address of staff. No member of staff may act for a customer's account."
    return None


def _mailbox(email: str) -> str:
    """Return the address without the tag after `+`, which most mailboxes ignore."""
    name, _, domain = email.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def send_again(mail: OutboxMail, *, reason: str, request: HttpRequest) -> None:
    """Send a mail once more: the same row if it never went out, a copy if it did.

    The other users are mailed when it has a link to set a password with.
    """
    if mail.sent_at is None:
        OutboxMail.objects.filter(pk=mail.pk).update(due_at=timezone.now(), attempts=0)
    else:
        key = f"{mail.key[:100]}:again:{random_base62(8)}"
        queue_mail(mail.user, template=mail.template, context=mail.context, key=key)
    event = _record("mail.sent_again", mail.user.account, request, reason=reason, mail=mail.key)
    if mail.template in SETS_PASSWORD:
        mail_access_change(Change.RESET_LINK_SENT, event=event, user=mail.user, to_user=False)


def _record(action: str, account: Account, request: HttpRequest, **facts: Any) -> AuditEvent:
    return record(action, account=account, user=signed_in_user(request), request=request, **facts)
