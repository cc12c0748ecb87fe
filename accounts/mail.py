"""Mails to customers: written with the change that causes them, sent by a command.

A row is written in the caller's transaction under a unique key, so that a mail exists exactly when
its cause does. Sending claims a row by moving `due_at` on with a filtered UPDATE. Links
are made when a mail is sent and stored nowhere: a mail that is sent again has a fresh one.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessToken, Account, AuditEvent, OutboxMail, Scope, User
from accounts.secrets import hide_tokens
from mobayilo.lib.ids import random_base62
from mobayilo.lib.seller import read_seller

logger = logging.getLogger(__name__)
# A process that claimed a mail and died is overtaken after this; also the wait after a failure.
CLAIM_LASTS = timedelta(minutes=5)
MAX_ATTEMPTS = 8
# After so many failures a mail server is down; the next run goes on with the other mails.
MAX_FAILURES_IN_A_ROW = 3
# (at most, more than) so many days before the end; one mail for each pair.
EXPIRY_BANDS_DAYS = ((7, 1), (1, 0))


def queue_mail(user: User, *, template: str, context: Mapping[str, Any], key: str) -> bool:
    """Queue one mail; return False if the same key was queued before.

    `template` names `<template>_subject.txt`, `<template>.txt` and, where it exists,
    `<template>.html`. `context` holds JSON values; the templates also get `user` and `site_url`.
    """
    mail = OutboxMail(user=user, template=template, context=hide_tokens(dict(context)), key=key)
    OutboxMail.objects.bulk_create([mail], ignore_conflicts=True)
    return OutboxMail.objects.filter(key=key, created_at=mail.created_at).exists()


def queue_mail_to_users(
    account: Account, *, template: str, context: Mapping[str, Any], key: str
) -> None:
    """Queue one mail for each active user of an account; `key` names the cause."""
    for user in account.users.filter(is_active=True):
        queue_mail(user, template=template, context=context, key=f"{key}:{user.pk}")


def send_at_once(user: User, *, template: str, context: Mapping[str, Any]) -> None:
    """Send a mail that a user waits for; if that fails, the command tries again.

    `context` may name another address of the user as `email`.
    """
    mail = OutboxMail.objects.create(
        user=user,
        template=template,
        context=hide_tokens(dict(context)),
        key=f"{template}:{random_base62(16)}",
    )
    if _claim(mail):
        _send(mail)


def due() -> QuerySet[OutboxMail]:
    """Return the mails that may be sent now, the oldest first."""
    waiting = OutboxMail.objects.filter(sent_at=None, attempts__lt=MAX_ATTEMPTS)
    return waiting.filter(due_at__lte=timezone.now()).order_by("due_at")


def send_due(*, limit: int = 500) -> tuple[int, int]:
    """Send the mails that are due; return how many were sent, and how many failed."""
    sent = failed = in_a_row = 0
    for mail in due().select_related("user")[:limit]:
        if not _claim(mail):
            continue
        if _send(mail):
            sent, in_a_row = sent + 1, 0
        else:
            failed, in_a_row = failed + 1, in_a_row + 1
        if in_a_row == MAX_FAILURES_IN_A_ROW:
            break
    return sent, failed


def _claim(mail: OutboxMail) -> bool:
    """Return whether this process may send the mail; the wait doubles with each attempt."""
    claimed = OutboxMail.objects.filter(pk=mail.pk, sent_at=None, due_at=mail.due_at)
    next_due_at = timezone.now() + CLAIM_LASTS * 2**mail.attempts
    return claimed.update(due_at=next_due_at, attempts=F("attempts") + 1) == 1


def _send(mail: OutboxMail) -> bool:
    """Send a mail and return whether it went out; a failure never keeps other mails back."""
    try:
        message(mail).send()
    except Exception as error:
        logger.exception("mail not sent", extra={"mail": mail.pk})
        OutboxMail.objects.filter(pk=mail.pk).update(last_error=type(error).__name__)
        return False
    OutboxMail.objects.filter(pk=mail.pk).update(sent_at=timezone.now(), last_error="")
    return True


def message(mail: OutboxMail) -> EmailMultiAlternatives:
    """Return the mail as it goes out. Its Message-ID comes from the key, so that a repeat is known.

    allauth's templates, in folders named `email`, call the body `<template>_message`.
    """
    email = mail.context.get("email", mail.user.email)
    context = {
        **mail.context,
        **fresh_links(mail.template, user=mail.user, email=email),
        "user": mail.user,
        "site_url": settings.PUBLIC_URL,
        "timestamp": mail.created_at,
        "seller": read_seller(),
    }
    body = f"{mail.template}_message" if "/email/" in mail.template else mail.template
    subject = render_to_string(f"{mail.template}_subject.txt", context)
    name = hashlib.sha256(mail.key.encode()).hexdigest()[:32]
    host = settings.ALLOWED_HOSTS[0]
    built = EmailMultiAlternatives(
        " ".join(subject.split()),
        render_to_string(f"{body}.txt", context),
        to=[email],
        reply_to=[settings.SUPPORT_EMAIL] if settings.SUPPORT_EMAIL else None,
        headers={"Message-ID": f"<{name}@{host}>"},
    )
    try:
        built.attach_alternative(render_to_string(f"{body}.html", context), "text/html")
    except TemplateDoesNotExist:
        logger.debug("mail has text only", extra={"template": mail.template})
    return built


CONFIRMATIONS = {"account/email/email_confirmation", "account/email/email_confirmation_signup"}
RESET = "account/email/password_reset_key"
ALREADY_EXISTS = "account/email/account_already_exists"


def fresh_links(template: str, *, user: User, email: str) -> dict[str, Any]:
    """Return the links of a mail, made at this moment.

    Raise `EmailAddress.DoesNotExist` if the address no longer belongs to the user: by now it may be
    another person's.
    """
    if template in CONFIRMATIONS:
        key = EmailConfirmationHMAC.create(_address(user, email)).key
        return {"activate_url": _url("account_confirm_email", key=key)}
    if template == RESET:
        _address(user, email)
        key, uid = default_token_generator.make_token(user), user_pk_to_url_str(user)
        url = _url("account_reset_password_from_key", uidb36=uid, key=key)
        return {"password_reset_url": url}
    if template == ALREADY_EXISTS:
        return {"password_reset_url": _url("account_reset_password")}
    return {}


def _address(user: User, email: str) -> EmailAddress:
    return EmailAddress.objects.get(user=user, email__iexact=email)


def _url(name: str, **parts: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, kwargs=parts)}"


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
