"""Every address of the product, with the ids of a customer filled in."""

import re
from dataclasses import dataclass
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.db.models import Model
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from accounts.models import AccessToken, User
from billing.models import TopUp, Transfer
from telephony.models import Call, CallerId, Registration
from tests.house.endpoints import endpoints
from tests.people import new_token
from tests.web.scenes import credit, past_call, proved_phone

OWNED = (AccessToken, CallerId, Call, TopUp, Transfer, UserSession)
# What stands in an address where no id of a person does.
PUBLIC_PARTS = {
    "country": "GB",
    "file_name": "moby-0.1.0-py3-none-any.whl",
    "key": "x",
    "month": "11",
    "outcome": "approved",
    "registration_id": "x",
    "signed": "x",
    "year": "2026",
}


@dataclass(frozen=True)
class Address:
    """A path as the URL list has it, and the same with values."""

    pattern: str
    path: str
    is_owned: bool
    is_csrf_exempt: bool

    @property
    def is_page(self) -> bool:
        return not self.pattern.startswith(("api/", "webhooks/", "oauth/", "login/", ".well-known"))

    @property
    def is_admin(self) -> bool:
        return self.pattern.startswith("admin/")


def belongings(user: User) -> dict[str, str]:
    """One of each thing that has an address, by the word before its id."""
    phone = proved_phone(user)
    credit(user.account, 50_000_000)
    topup = TopUp.objects.create(
        account=user.account,
        user=user,
        amount_micros=20_000_000,
        expires_at=timezone.now() + timedelta(hours=1),
    )
    token = new_token(user, kind=AccessToken.Kind.DEVICE).row
    session = UserSession.objects.create(user=user, ip="192.0.2.1", session_key="x" * 32)
    registration = Registration.objects.create(
        account=user.account, user=user, caller_id=phone, e164=phone.e164,
        expires_at=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip
    return {
        "caller-ids": phone.public_id,
        "registration": registration.public_id,
        "calls": past_call(user, phone, ("+442079460018", "GB", "completed", 60)).public_id,
        "call": Call.objects.get(account=user.account).public_id,
        "tokens": token.public_id,
        "sessions": token.public_id,
        "topup": topup.public_id,
        "topups": topup.public_id,
        "session_id": str(session.pk),
    }


def addresses(ids: dict[str, str]) -> list[Address]:
    """All of the URL list but the catch-alls of the admin."""
    listed = [(path, entry) for path, entry in endpoints(get_resolver()) if "(?P<" not in path]
    return [_address(path, entry, ids) for path, entry in listed]


def _address(pattern: str, entry: URLPattern, ids: dict[str, str]) -> Address:
    exempt = bool(getattr(entry.callback, "csrf_exempt", False))
    owned = False

    def value(match: re.Match[str]) -> str:
        nonlocal owned
        name = match["name"]
        if name in PUBLIC_PARTS:
            return PUBLIC_PARTS[name]
        owned = not pattern.startswith("admin/")
        if name in ("pk", "object_id", "content_type_id"):
            return "1"
        before = pattern[: match.start()].rstrip("/").rsplit("/", 1)[-1]
        return ids[name] if name in ids else ids[before]

    path = re.sub(r"<(?:\w+:)?(?P<name>\w+)>", value, pattern)
    return Address(pattern, f"/{path}", owned, exempt)


def state_of(user: User) -> dict[str, list[dict[str, object]]]:
    """The rows of a person, to be compared; being looked at does not count as a change."""
    return {model.__name__: _rows(model, user) for model in OWNED}


def _rows(model: type[Model], user: User) -> list[dict[str, object]]:
    manager = model._default_manager
    if model is UserSession or model is AccessToken:
        owned = manager.filter(user=user)
    elif model is Transfer:
        owned = manager.filter(wallet__account=user.account)
    else:
        owned = manager.filter(account=user.account)
    ignored = {"last_used_at", "last_used_ip", "last_used_agent", "last_seen_at"}
    return [
        {name: value for name, value in row.items() if name not in ignored}
        for row in owned.order_by("pk").values()
    ]
