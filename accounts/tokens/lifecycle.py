"""Tokens: the one factory that every path uses, rotation and revocation."""

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
from accounts.mail.notices import tell_token_created, tell_token_rotated, tell_tokens_leaked
from accounts.models import AccessToken, AccessTokenQuerySet, Account, Scope, User
from accounts.secrets import digest, looks_like_token, new_secret
from mobayilo.lib.errors import ProductError

NEVER = 0  # as a number of days
LONGEST_DAYS = 3650  # whatever the settings say; a row holds no more than 32767


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """What an account allows: the settings, tightened by staff for one account."""

    default_days: int
    max_days: int
    may_last_for_ever: bool

    def expires_at(self, *, days: int | None, now: datetime) -> datetime | None:
        """When a token asked for now ends; None for never. `days` None means the default.

        Raises `invalid_request` for a life that the policy does not allow.
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
        """The nearest life that the policy allows, for one asked for before it was known."""
        if days is None:
            return self.default_days
        if days == NEVER:
            return NEVER if self.may_last_for_ever else self.max_days
        return max(1, min(days, self.max_days))

    def cap_life(self, life: timedelta | None) -> timedelta | None:
        """A life no longer than the policy allows; None is for ever."""
        longest = timedelta(days=self.max_days)
        if life is None:
            return None if self.may_last_for_ever else longest
        return min(life, longest)


def policy_of(account: Account) -> TokenPolicy:
    """The policy in force for an account at this moment."""
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
    """Live tokens that would end earlier if no token might live longer than `max_days`."""
    too_long = Q(expires_at=None) | Q(expires_at__gt=F("created_at") + timedelta(days=max_days))
    return AccessToken.objects.live().filter(too_long, user__account=account)


MAX_LIVE_TOKENS = 100
DEFAULT_GRACE_SECONDS = 24 * 3600
UNFIT_NAME = "Give it a name of 1 to 100 characters that can be seen."


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpec:
    """What a new token shall be. `expires_in_days`: None for the default, 0 for never."""

    kind: str
    name: str
    scopes: tuple[str, ...]
    expires_in_days: int | None = None
    guards: Guards = NO_GUARDS
    client: str = ""
    device_name: str = ""
    created_ip: str | None = None
    country: str = ""
    # Whatever the days say; the end of a token that makes this one.
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its secret, which exists in this object only."""

    row: AccessToken
    secret: str


def create_token(user: User, spec: TokenSpec, *, request: AnyRequest = None) -> NewToken:
    """Makes a token by the policy of the account, records it and tells the user by mail.

    Raises `email_unverified`, `too_many_tokens`, or `invalid_request` for a name that is taken, a
    scope that does not exist, or a life that the policy refuses.
    """
    now = timezone.now()
    with transaction.atomic():
        owner = _lock(user)
        _check_name(owner, spec)
        _check_scopes(spec.scopes)
        expires_at = _end(spec, owner, now)
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
        _note("token.created", made.row, owner, request, scopes=made.row.scopes)
        tell_token_created(made.row, country=spec.country)
    return made


def narrower_than(maker: AccessToken, spec: TokenSpec) -> TokenSpec:
    """What a token may ask for when it makes another: no wider, no longer, and not if guarded.

    Each new token has limits of its own, so a token with limits could spend several times over.
    Nor while its user has yet to say whether tokens made before a new password shall work on.
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
    """Replaces a token by one with a new secret and the same name, scopes and guards.

    The old one works for `grace_seconds` more, never longer than it would have. A token is rotated
    once: repeating it on the old one raises `token_already_rotated` and harms nothing.
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
        _retire(row, now=now, grace_seconds=grace_seconds)
        facts = {"successor": made.row.public_id, "grace": grace_seconds}
        _note("token.rotated", row, row.user, request, **facts)
        tell_token_rotated(made.row, grace_seconds=grace_seconds)
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
    """Ends a token at once; False if it had been revoked before."""
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
    """Ends all tokens of a queryset that are not revoked yet; how many that were.

    One event is recorded for each, by `actor`; None is nobody who is known. `reason` is a few words
    for the owner's list.
    """
    ended = 0
    with transaction.atomic():
        # A rotation may have been under way: its successor shows once its old row was free.
        while found := list(tokens.filter(revoked_at=None).select_related("user__account")):
            for token in found:
                unrevoked = AccessToken.objects.filter(pk=token.pk, revoked_at=None)
                if unrevoked.update(revoked_at=timezone.now(), revoked_reason=reason):
                    _note("token.revoked", token, actor, request, reason=reason, **facts)
                    ended += 1
    return ended


def revoke_leaked(secrets: Iterable[str], *, request: AnyRequest = None) -> int:
    """Ends those of the strings that are tokens of ours, and tells their owners."""
    digests = [digest(secret) for secret in secrets if looks_like_token(secret)]
    with transaction.atomic():
        leaked = AccessToken.objects.filter(digest__in=digests, revoked_at=None)
        found = list(leaked.select_related("user"))
        ended = revoke_tokens(leaked, actor=None, reason="found in public", request=request)
        tell_tokens_leaked(found)
    return ended


def _lock(user: User) -> User:
    """The user's row, locked: names and the number of tokens are sums that must hold."""
    owner = User.objects.select_for_update(of=("self",)).select_related("account").get(pk=user.pk)
    if not owner.is_active:
        raise ProductError("invalid_token", "This user cannot sign in.")
    refuse_without_room(owner)
    return owner


def refuse_without_room(user: User) -> None:
    """Raises what keeps a user from having one more token, whatever it is to be."""
    if not has_verified_email(user):
        raise ProductError("email_unverified", "Your email address is not confirmed yet.")
    if AccessToken.objects.live().for_user(user).count() >= MAX_LIVE_TOKENS:
        raise ProductError("too_many_tokens", f"You have {MAX_LIVE_TOKENS} tokens already.")


def _check_name(owner: User, spec: TokenSpec) -> None:
    """Names of hand-made tokens are unique among those in use; devices may share a name."""
    if not 1 <= len(spec.name) <= 100 or not spec.name.isprintable():
        _refuse("name", UNFIT_NAME)
    in_use = AccessToken.objects.live().for_user(owner).filter(rotated_at=None)
    same = in_use.filter(kind=AccessToken.Kind.PERSONAL, name=spec.name)
    if spec.kind == AccessToken.Kind.PERSONAL and same.exists():
        _refuse("name", "You have a token of this name; choose another.")


def _check_scopes(scopes: tuple[str, ...]) -> None:
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown:
        _refuse("scopes", f"There is no scope “{unknown[0][:40]}”.")
    if not scopes:
        _refuse("scopes", "Choose at least one.")


def _end(spec: TokenSpec, owner: User, now: datetime) -> datetime | None:
    end = policy_of(owner.account).expires_at(days=spec.expires_in_days, now=now)
    if spec.not_after is None:
        return end
    return spec.not_after if end is None else min(end, spec.not_after)


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


def _retire(row: AccessToken, *, now: datetime, grace_seconds: int) -> None:
    end = now + timedelta(seconds=grace_seconds)
    row.rotated_at = now
    row.expires_at = end if row.expires_at is None else min(row.expires_at, end)
    row.save(update_fields=["rotated_at", "expires_at"])


def _note(
    action: str, token: AccessToken, actor: User | None, request: AnyRequest, **facts: Any
) -> None:
    facts = {"name": token.name, "kind": token.kind, **facts}
    acting = getattr(plain_request(request), "auth", None)
    if isinstance(acting, AccessToken) and acting.pk != token.pk:
        facts["by_token"] = acting.public_id
    record(action, account=token.user.account, user=actor, request=request, token=token, **facts)
