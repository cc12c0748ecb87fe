"""Tokens: the policy of their life, the one factory that every path uses, rotation, revocation."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.access import has_verified_email
from accounts.audit import AnyRequest, ip_of, plain_request, record
from accounts.guards import NO_GUARDS, Guards
from accounts.mail import mail_token_created, mail_token_rotated, mail_tokens_leaked
from accounts.models import AccessToken, AccessTokenQuerySet, Account, Scope, User
from accounts.secrets import digest, looks_like_token, new_secret
from mobayilo.lib.errors import ProductError

NEVER = 0  # as a number of days
LONGEST_DAYS = 3650  # a bound above every setting; a row holds no more than 32767


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """The lives of tokens that an account allows: the settings, tightened by staff."""

    default_days: int
    max_days: int
    may_last_for_ever: bool

    def expires_at(self, *, days: int | None, now: datetime) -> datetime | None:
        """Return when a token that is made now expires, or None for never.

        `days=None` means the default. Raise `invalid_request` for a life that the policy does not
        allow.
        """
        if days is None:
            return now + timedelta(days=self.default_days)
        if days == NEVER and self.may_last_for_ever:
            return None
        if not 1 <= days <= self.max_days:
            message = f"A token of this account lives from 1 to {self.max_days} days."
            raise ProductError(
                "invalid_request", message, details={"fields": {"expires_in_days": [message]}}
            )
        return now + timedelta(days=days)

    def cap_days(self, days: int | None) -> int:
        """Return the nearest life that the policy allows to one that was asked for before."""
        if days is None:
            return self.default_days
        if days == NEVER:
            return NEVER if self.may_last_for_ever else self.max_days
        return max(1, min(days, self.max_days))

    def cap_life(self, life: timedelta | None) -> timedelta | None:
        """Return a life cut to what the policy allows; None means without end."""
        longest = timedelta(days=self.max_days)
        if life is None:
            return None if self.may_last_for_ever else longest
        return min(life, longest)


def policy_of(account: Account) -> TokenPolicy:
    """Return the policy in force for an account at this moment."""
    tightened = account.token_max_days
    max_days = min(settings.TOKEN_MAX_DAYS, LONGEST_DAYS)
    if tightened is not None:
        max_days = min(max_days, tightened)
    return TokenPolicy(
        default_days=min(settings.TOKEN_DEFAULT_DAYS, max_days),
        max_days=max_days,
        may_last_for_ever=settings.TOKEN_MAY_LAST_FOR_EVER and tightened is None,
    )


def outlasting(account: Account, *, max_days: int) -> AccessTokenQuerySet:
    """Return the live tokens that would end earlier if `max_days` were the longest life."""
    too_long = Q(expires_at=None) | Q(expires_at__gt=F("created_at") + timedelta(days=max_days))
    return AccessToken.objects.live().filter(too_long, user__account=account)


MAX_LIVE_TOKENS = 100
DEFAULT_GRACE_SECONDS = 24 * 3600
UNFIT_NAME = "Give it a name of 1 to 100 characters that can be seen."


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpec:
    """A token to be made. `expires_in_days`: None for the default, 0 for never."""

    kind: str
    name: str
    scopes: tuple[str, ...]
    expires_in_days: int | None = None
    guards: Guards = NO_GUARDS
    client: str = ""
    device_name: str = ""
    created_ip: str | None = None
    country: str = ""
    # The end of the token that makes this one, which goes before `expires_in_days`.
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its secret, which exists in this object only."""

    row: AccessToken
    secret: str


def create_token(user: User, spec: TokenSpec, *, request: AnyRequest = None) -> NewToken:
    """Make a token by the policy of the account, record it, and mail the user.

    Raise `email_unverified`, `too_many_tokens`, or `invalid_request` for a name that is taken, a
    scope that does not exist, or a life that the policy refuses.
    """
    now = timezone.now()
    with transaction.atomic():
        # Locked: the names in use and the number of tokens must still hold at the insert.
        locked = User.objects.select_for_update(of=("self",)).select_related("account")
        owner = locked.get(pk=user.pk)
        _check(spec, owner)
        expires_at = policy_of(owner.account).expires_at(days=spec.expires_in_days, now=now)
        if spec.not_after is not None:
            expires_at = min(expires_at or spec.not_after, spec.not_after)
        columns = {
            "kind": spec.kind,
            "name": spec.name,
            "scopes": sorted(set(spec.scopes)),
            "client": spec.client,
            "device_name": spec.device_name,
            "created_ip": spec.created_ip or ip_of(request),
            **spec.guards.as_columns(),
        }
        made = _insert(owner, columns, expires_at=expires_at, now=now)
        _record("token.created", made.row, owner, request, scopes=made.row.scopes)
        mail_token_created(made.row, country=spec.country)
    return made


def narrower_than(maker: AccessToken, spec: TokenSpec) -> TokenSpec:
    """Return the spec of a token made by another one, cut to the maker's end.

    Raise `insufficient_scope` if it asks for more scopes than the maker has; `guard_tokens` if the
    maker has limits, since each new token has limits of its own and could spend them once more; and
    `tokens_in_question` while the user has not decided about tokens made before a new password.
    """
    if maker.user.tokens_in_question_at:
        raise ProductError(
            "tokens_in_question", "Your password or email address changed; are the tokens yours?"
        )
    if maker.guards:
        raise ProductError("guard_tokens", "A token with limits may not make other tokens.")
    wider = sorted(set(spec.scopes) - set(maker.scopes))
    if wider:
        raise ProductError(
            "insufficient_scope",
            f"A token may give only what it has, and this one lacks {wider[0]}.",
            details={"required_scope": wider[0]},
        )
    if maker.expires_at is None:
        return spec
    return replace(spec, not_after=maker.expires_at)


def rotate_token(
    token: AccessToken, *, grace_seconds: int = DEFAULT_GRACE_SECONDS, request: AnyRequest = None
) -> NewToken:
    """Replace a token by one with a new secret and the same name, scopes and guards.

    The old token works for `grace_seconds` more, never longer than it would have. A token is
    rotated once: a second rotation raises `token_already_rotated` and changes nothing.
    """
    now = timezone.now()
    with transaction.atomic():
        old = AccessToken.objects.select_for_update(of=("self",)).select_related("user__account")
        row = old.get(pk=token.pk)
        if row.rotated_at is not None or not row.is_live:
            raise ProductError("token_already_rotated", "This token was replaced before.")
        life = None if row.expires_at is None else row.expires_at - row.created_at
        life = policy_of(row.user.account).cap_life(life)
        made = _insert(
            row.user,
            {name: getattr(row, name) for name in _INHERITED},
            expires_at=None if life is None else now + life,
            now=now,
            rotated_from=row,
        )
        end = now + timedelta(seconds=grace_seconds)
        row.rotated_at = now
        row.expires_at = end if row.expires_at is None else min(row.expires_at, end)
        row.save(update_fields=["rotated_at", "expires_at"])
        facts = {"successor": made.row.public_id, "grace": grace_seconds}
        _record("token.rotated", row, row.user, request, **facts)
        mail_token_rotated(made.row, grace_seconds=grace_seconds)
    return made


_INHERITED = (
    "kind",
    "name",
    "scopes",
    "line",
    "client",
    "device_name",
    "created_ip",
    "max_cents_per_day",
    "max_cents_per_call",
    "destinations",
    "caller_ids",
)


def revoke_token(token: AccessToken, *, reason: str, request: AnyRequest = None) -> bool:
    """End a token at once; return False if it had been revoked before."""
    only = AccessToken.objects.filter(pk=token.pk)
    return revoke_tokens(only, actor=token.user, reason=reason, request=request) == 1


def revoke_tokens(
    tokens: AccessTokenQuerySet,
    *,
    actor: User | None,
    reason: str,
    request: AnyRequest = None,
    **facts: Any,
) -> int:
    """End all tokens of a queryset that are not revoked yet; return how many were revoked.

    One event is recorded for each token. `actor=None` means that the actor is unknown. `reason` is
    a few words for the owner's list.
    """
    revoked_count = 0
    with transaction.atomic():
        # A rotation may be under way: its successor is visible once the old row is unlocked.
        while rows := list(tokens.filter(revoked_at=None).select_related("user__account")):
            for token in rows:
                unrevoked = AccessToken.objects.filter(pk=token.pk, revoked_at=None)
                if unrevoked.update(revoked_at=timezone.now(), revoked_reason=reason):
                    _record("token.revoked", token, actor, request, reason=reason, **facts)
                    revoked_count += 1
    return revoked_count


def revoke_leaked(secrets: Iterable[str], *, request: AnyRequest = None) -> int:
    """End the tokens among the strings, mail their owners, and return how many ended."""
    digests = [digest(secret) for secret in secrets if looks_like_token(secret)]
    with transaction.atomic():
        leaked = AccessToken.objects.filter(digest__in=digests, revoked_at=None)
        leaked_tokens = list(leaked.select_related("user"))
        revoked_count = revoke_tokens(leaked, actor=None, reason="found in public", request=request)
        mail_tokens_leaked(leaked_tokens)
    return revoked_count


def refuse_without_room(user: User) -> None:
    """Raise `email_unverified` or `too_many_tokens` if a user may have no further token."""
    if not has_verified_email(user):
        raise ProductError("email_unverified", "Your email address is not confirmed yet.")
    if AccessToken.objects.live().for_user(user).count() >= MAX_LIVE_TOKENS:
        raise ProductError("too_many_tokens", f"You have {MAX_LIVE_TOKENS} tokens already.")


def _check(spec: TokenSpec, owner: User) -> None:
    """Raise the refusal of a token that the user may not have.

    Names of hand-made tokens are unique among those in use; devices may share a name.
    """
    if not owner.is_active:
        raise ProductError("invalid_token", "This user cannot sign in.")
    refuse_without_room(owner)
    if not 1 <= len(spec.name) <= 100 or not spec.name.isprintable():
        _refuse("name", UNFIT_NAME)
    in_use = AccessToken.objects.live().for_user(owner).filter(rotated_at=None)
    same = in_use.filter(kind=AccessToken.Kind.PERSONAL, name=spec.name)
    if spec.kind == AccessToken.Kind.PERSONAL and same.exists():
        _refuse("name", "You have a token of this name; choose another.")
    unknown = sorted(set(spec.scopes) - set(Scope.values))
    if unknown:
        _refuse("scopes", f"There is no scope “{unknown[0][:40]}”.")
    if not spec.scopes:
        _refuse("scopes", "Choose at least one.")


def _refuse(field: str, message: str) -> None:
    raise ProductError("invalid_request", message, details={"fields": {field: [message]}})


def _insert(
    owner: User, columns: dict[str, Any], *, expires_at: datetime | None, now: datetime, **more: Any
) -> NewToken:
    secret = new_secret(columns["kind"])
    row = AccessToken.objects.create(
        user=owner,
        digest=digest(secret),
        last_four=secret[-4:],
        created_at=now,
        expires_at=expires_at,
        **columns,
        **more,
    )
    return NewToken(row, secret)


def _record(
    action: str, token: AccessToken, actor: User | None, request: AnyRequest, **facts: Any
) -> None:
    facts = {"name": token.name, "kind": token.kind, **facts}
    acting = getattr(plain_request(request), "auth", None)
    if isinstance(acting, AccessToken) and acting.pk != token.pk:
        facts["by_token"] = acting.public_id
    record(action, account=token.user.account, user=actor, request=request, token=token, **facts)
