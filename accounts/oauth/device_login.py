"""Device login by RFC 8628: a grant from its start to its one token.

    pending  → approved   the user who entered the code approves
    pending  → denied     the user refuses, or the device gives up
    approved → consumed   the device fetches the token, once
    approved → denied     the device gives up, or the user may no longer have a token
    pending or approved → denied   the user or support ends all tokens, or the password changed

Expiry is no state: it is read from the clock. Each arrow is one filtered UPDATE whose row count
decides, so that exactly one of two changes at once happens.
"""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Least
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.audit import AnyRequest, ip_of, record
from accounts.guards import NO_GUARDS, Guards
from accounts.models import AccessToken, DeviceLogin, Scope, User
from accounts.oauth.http import OAuthError
from accounts.secrets import digest
from accounts.tokens.lifecycle import NewToken, TokenSpec, create_token, policy_of, revoke_token
from mobayilo.lib.client_ip import rate_limit_network
from mobayilo.lib.errors import ProductError, wait_in_words
from mobayilo.lib.ratelimits import count, used_up

logger = logging.getLogger(__name__)
# The programs that may ask for a device login, by client id, and the names that people read.
# They are public clients, without a secret.
CLIENTS = {"moby-cli": "moby, the terminal client"}
LIFETIME_SECONDS = 600
INTERVAL_SECONDS = 5
INTERVAL_STEP_SECONDS = 5  # RFC 8628 section 3.5: slow_down adds five seconds and they stay
INTERVAL_CAP_SECONDS = 60
# User codes, RFC 8628 section 6.1. Wrong ones are counted per user, session and address (section
# 5.1). Only failures count, so that people behind one address do not lock each other out, and a
# success resets nothing.
CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, no digits: no words, nothing to mix up
CODE_LENGTH = 8  # 20^8 codes, 34.5 bits; guesses are limited
WRONG_CODE_LIMITS = ("wrong-user-codes", "wrong-user-codes-session", "wrong-user-codes-ip")
WRONG_CODE_LIMIT_OF_ALL_USERS = "wrong-user-codes-all"

State = DeviceLogin.State
SOURCES: dict[str, tuple[str, ...]] = {
    State.APPROVED: (State.PENDING,),
    State.DENIED: (State.PENDING, State.APPROVED),
    State.CONSUMED: (State.APPROVED,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """A device's request for a token, and its description of itself."""

    client_id: str
    scopes: tuple[str, ...]
    device_name: str = ""
    token_name: str = ""
    expires_in_days: int | None = None
    guards: Guards = NO_GUARDS
    ip: str | None = None
    country: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class StartedLogin:
    """A grant with its two codes, which exist in this object only."""

    row: DeviceLogin
    device_code: str
    user_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The user's grant: never more scopes than were asked for."""

    scopes: tuple[str, ...]
    token_name: str
    expires_in_days: int | None
    guards: Guards


def start(asked: DeviceRequest) -> StartedLogin:
    """Open a grant. A user code that collides with a pending one is drawn again."""
    device_code = secrets.token_urlsafe(32)  # 256 bits
    now = timezone.now()
    for _ in range(5):
        user_code = new_user_code()
        try:
            with transaction.atomic():
                row = DeviceLogin.objects.create(
                    device_code_digest=digest(device_code),
                    user_code_digest=digest_user_code(user_code),
                    client_id=asked.client_id,
                    scopes=sorted(set(asked.scopes)),
                    device_name=asked.device_name,
                    token_name=asked.token_name,
                    expires_in_days=asked.expires_in_days,
                    ip=asked.ip,
                    network=rate_limit_network(asked.ip) if asked.ip else None,
                    country=asked.country,
                    user_agent=asked.user_agent,
                    created_at=now,
                    expires_at=now + timedelta(seconds=LIFETIME_SECONDS),
                    interval_seconds=INTERVAL_SECONDS,
                    **asked.guards.as_columns(),
                )
        except IntegrityError:
            continue
        return StartedLogin(row, device_code, user_code)
    raise OAuthError("temporarily_unavailable", "No code is free. Try again.", status=503)


def claim(typed_code: str, *, user: User) -> DeviceLogin | None:
    """Bind the pending grant of a code to the user who entered it, and return it.

    Return None for a code that is unknown, expired, decided, or was entered by another user before;
    the caller cannot learn which.
    """
    mine = Q(user=None) | Q(user=user)
    code_digest = digest_user_code(normalize_code(typed_code))
    pending = DeviceLogin.objects.filter(
        mine, user_code_digest=code_digest, state=State.PENDING, expires_at__gt=timezone.now()
    )
    row = pending.first()
    if row is None or not pending.filter(pk=row.pk).update(user=user):
        return None
    row.user = user
    return row


def release(row: DeviceLogin, *, user: User) -> bool:
    """Release a claimed grant, so that another user may enter its code."""
    mine = DeviceLogin.objects.filter(pk=row.pk, user=user, state=State.PENDING)
    return mine.update(user=None) == 1


def approve(row: DeviceLogin, approval: Approval, *, user: User, request: AnyRequest) -> bool:
    """Grant a device's request; return False if that is no longer possible."""
    granted = {
        "scopes": sorted(set(approval.scopes) & set(row.scopes)),
        "token_name": approval.token_name,
        "expires_in_days": approval.expires_in_days,
        **approval.guards.as_columns(),
    }
    with transaction.atomic():
        moved = _decide(row, to=State.APPROVED, user=user, request=request, changes=granted)
        if moved:
            _record("device_login.approved", row, user, request, scopes=granted["scopes"])
    return moved


def deny(row: DeviceLogin, *, user: User, request: AnyRequest) -> bool:
    """Refuse a device's request; return False if it is no longer pending for this user."""
    with transaction.atomic():
        moved = _decide(row, to=State.DENIED, user=user, request=request, changes={})
        if moved:
            _record("device_login.denied", row, user, request)
    return moved


def cancel(device_code: str, *, client_id: str, request: AnyRequest) -> None:
    """End a grant that the device no longer waits for, and a token that was never used.

    A device code that is unknown, or of another client, changes nothing.
    """
    row = find(device_code, client_id=client_id)
    if row is None or _move(row, to=State.DENIED):
        return
    row.refresh_from_db()
    if row.token is not None and row.token.last_used_at is None:
        revoke_token(row.token, reason="login given up", request=request)


def end_logins(users: Iterable[User]) -> None:
    """Deny every grant that these users have claimed or approved and no device has fetched.

    Call it before the tokens of a user are revoked, so that a token which is being fetched is
    revoked too.
    """
    open_logins = DeviceLogin.objects.filter(user__in=users, state__in=SOURCES[State.DENIED])
    open_logins.update(state=State.DENIED)


def find(device_code: str, *, client_id: str) -> DeviceLogin | None:
    """Return the grant of a device code if this client started it, otherwise None."""
    grants = DeviceLogin.objects.select_related("user__account", "token")
    return grants.filter(device_code_digest=digest(device_code), client_id=client_id).first()


def redeem(row: DeviceLogin, *, request: AnyRequest) -> NewToken:
    """Return the one token of an approved grant.

    Raise the error of RFC 8628 section 3.5 by which the device knows what to do. The state is
    checked before the pace: an approved grant is handed out however often the device asks.
    """
    if row.state == State.CONSUMED:
        raise OAuthError("invalid_grant", "This device code was used.")
    if row.expires_at <= timezone.now():
        raise OAuthError("expired_token", "The code has expired. Start again.")
    if row.state == State.DENIED:
        raise OAuthError("access_denied", "You denied it in the browser.")
    if row.state == State.PENDING:
        _pace(row)
        raise OAuthError("authorization_pending", "The user has not decided yet.")
    try:
        with transaction.atomic():
            if not _move(row, to=State.CONSUMED):
                raise OAuthError("invalid_grant", "This device code was used.")
            made = create_token(_owner(row), _token_as_approved(row), request=request)
            DeviceLogin.objects.filter(pk=row.pk).update(token=made.row)
    except ProductError as refusal:
        _move(row, to=State.DENIED)
        raise OAuthError("access_denied", refusal.message) from refusal
    return made


def _pace(row: DeviceLogin) -> None:
    """Accept a poll of a pending grant, or raise `slow_down`.

    Only a poll that was in time starts the clock again; otherwise a device whose clock runs fast
    would never catch up. A poll may be early by one second or a fifth of the interval.
    """
    now = timezone.now()
    tolerance = max(1.0, row.interval_seconds * 0.2)
    in_time = now - timedelta(seconds=row.interval_seconds - tolerance)
    grant = DeviceLogin.objects.filter(pk=row.pk)
    due = grant.filter(Q(last_polled_at=None) | Q(last_polled_at__lte=in_time))
    if due.update(last_polled_at=now):
        return
    slower = Least(F("interval_seconds") + INTERVAL_STEP_SECONDS, Value(INTERVAL_CAP_SECONDS))
    grant.update(interval_seconds=slower)
    raise OAuthError("slow_down", "Ask less often: five seconds more between two polls.")


def _decide(
    row: DeviceLogin, *, to: str, user: User, request: AnyRequest, changes: dict[str, Any]
) -> bool:
    """Move a pending grant whose code this user entered."""
    pending = DeviceLogin.objects.filter(
        pk=row.pk, user=user, state=State.PENDING, expires_at__gt=timezone.now()
    )
    decided = {"decided_at": timezone.now(), "decided_ip": ip_of(request)}
    return pending.update(state=to, **decided, **changes) == 1


def _move(row: DeviceLogin, *, to: str) -> bool:
    live = DeviceLogin.objects.filter(pk=row.pk, expires_at__gt=timezone.now())
    return live.filter(state__in=SOURCES[to]).update(state=to) == 1


def _owner(row: DeviceLogin) -> User:
    if row.user is None:
        raise OAuthError("invalid_grant", "No user approved this.")
    return row.user


def _token_as_approved(row: DeviceLogin) -> TokenSpec:
    """Return the token to create, cut to the scopes and days that are allowed by now."""
    days = policy_of(_owner(row).account).cap_days(row.expires_in_days)
    return TokenSpec(
        kind=AccessToken.Kind.DEVICE,
        name=row.token_name,
        scopes=tuple(scope for scope in row.scopes if scope in Scope.values),
        expires_in_days=days,
        guards=row.guards,
        client=CLIENTS.get(row.client_id, row.client_id),
        device_name=row.device_name,
        created_ip=row.ip,
        country=row.country,
    )


def _record(action: str, row: DeviceLogin, user: User, request: AnyRequest, **facts: Any) -> None:
    facts = {"client": row.client_id, "device": row.device_name, "device_ip": row.ip, **facts}
    record(action, account=user.account, user=user, request=request, **facts)


def new_user_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def normalize_code(typed: str) -> str:
    """Return a typed code in capitals, without dashes of any kind, spaces and line ends."""
    return "".join(char for char in typed.upper() if char in CODE_ALPHABET)


def shown_code(code: str) -> str:
    """Return `WDJBMJHT` as `WDJB-MJHT`."""
    return f"{code[:4]}-{code[4:]}"


def digest_user_code(code: str) -> str:
    """Return the digest that is stored.

    It is keyed: 34 bits are few enough to try every code against a plain digest.
    """
    return salted_hmac("accounts.user_code", code, algorithm="sha256").hexdigest()


def refuse_guessers(request: HttpRequest) -> None:
    """Raise `throttled` before a code is looked up, when too many were wrong."""
    wait_seconds = max(used_up(request, name) for name in WRONG_CODE_LIMITS)
    if wait_seconds:
        raise ProductError(
            "throttled",
            f"Too many codes were wrong. Wait {wait_in_words(wait_seconds)}.",
            hint="Start again on the device then, and type the new code.",
            retry_after_seconds=wait_seconds,
        )


def count_wrong_code(request: HttpRequest, user: User) -> None:
    """Count one failure; log and record it when a limit is reached."""
    for name in WRONG_CODE_LIMITS:
        count(request, name)
        if used_up(request, name):
            logger.warning("user codes guessed", extra={"limit": name})
            record("device_login.codes_guessed", account=user.account, user=user, request=request)
    reached_before = used_up(request, WRONG_CODE_LIMIT_OF_ALL_USERS)
    count(request, WRONG_CODE_LIMIT_OF_ALL_USERS)
    if used_up(request, WRONG_CODE_LIMIT_OF_ALL_USERS) and not reached_before:
        logger.error("user codes guessed in bulk")
        record("device_login.codes_guessed_in_bulk", account=None, request=request)
