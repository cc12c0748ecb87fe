"""Sign-ins and changed credentials: what is recorded, and which browsers and tokens end with them.

allauth and Django send signals for these; no other place sees each. The app imports this module
when it is ready, which connects the receivers.
"""

from typing import Any

from allauth.account import signals
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.audit import agent_of, record
from accounts.mail import Change, mail_access_change, queue_mail
from accounts.models import AccessToken, AccessTokenQuerySet, User
from accounts.oauth.device_login import end_logins
from accounts.tokens.lifecycle import revoke_tokens
from mobayilo.lib.client_ip import client_ip

CHANGES = {
    signals.password_changed: "password.changed",
    signals.password_set: "password.set",
    signals.password_reset: "password.reset",
    signals.email_changed: "email.changed",
}
RECOVERY_CODES = Authenticator.Type.RECOVERY_CODES


@receiver(signals.user_logged_in)
def _on_sign_in(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    proofs = [one.get("type") or one["method"] for one in get_authentication_records(request, user)]
    _record("user.signed_in", user, request, by=list(dict.fromkeys(proofs)))


@receiver(user_login_failed)
def _on_failed_sign_in(
    *, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """Record a wrong password; an address without a user costs the same time.

    Such an address is not kept: people type passwords into the wrong field.
    """
    written = str(credentials.get("email") or "").lower()
    address = EmailAddress.objects.filter(email=written).select_related("user__account").first()
    user = address.user if address else None
    account = user.account if user else None
    record("user.sign_in_failed", account=account, user=user, request=request)


@receiver(mfa.authentication_failed)
def _on_wrong_factor(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    _record("second_factor.refused", user, request)


@receiver(mfa.authenticator_used)
def _on_used_factor(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    if authenticator.type == RECOVERY_CODES:
        authenticator.refresh_from_db()
        left = len(authenticator.wrap().get_unused_codes())
        _record("recovery_codes.used", user, request, left=left)
        _say_codes_left(request, user, authenticator, left)
    elif authenticator.type == Authenticator.Type.TOTP:
        # allauth remembers a used code for one period, and accepts it for three (RFC 6238 5.2:
        # a code is accepted once).
        key = TOTP(authenticator)._get_used_cache_key(request.POST.get("code", ""))
        cache.touch(key, 3 * settings.MFA_TOTP_PERIOD)


def _say_codes_left(
    request: HttpRequest, user: User, authenticator: Authenticator, left: int
) -> None:
    """Say on the next page and by mail that a recovery code was used, and how many are left."""
    words = ngettext(
        "You used a recovery code. %d is left; under Security you can make new ones.",
        "You used a recovery code. %d are left; under Security you can make new ones.",
        left,
    )
    messages.warning(request, words % left)
    queue_mail(
        user,
        template="accounts/mail/recovery_code_used",
        context={
            "left": left,
            "user_agent": agent_of(request),
            "ip": client_ip(request),
        },
        key=f"recovery_code_used:{user.pk}:{authenticator.pk}:{left}",
    )


@receiver(mfa.authenticator_added)
def _on_new_factor(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Record a new factor, and sign out other browsers, which signed in without it."""
    if authenticator.type == RECOVERY_CODES:
        _record("recovery_codes.made", user, request)
        return
    _record("second_factor.added", user, request, by=authenticator.type)
    end_other_sessions(request, user)
    # This browser has just proven the factor.
    record_authentication(request, user, method="mfa", id=authenticator.pk, type=authenticator.type)


@receiver(mfa.authenticator_removed)
def _on_removed_factor(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    if authenticator.type != RECOVERY_CODES:
        _record("second_factor.removed", user, request, by=authenticator.type)


@receiver(mfa.authenticator_reset)
def _on_new_codes(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    _record("recovery_codes.made", user, request)


def _record(action: str, user: User, request: HttpRequest, **facts: Any) -> None:
    record(action, account=user.account, user=user, request=request, **facts)


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
def _on_changed_credential(*, signal: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signals have no type here
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
