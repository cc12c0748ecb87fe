"""The phones that an account verified and may call from, and the country of the account."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.audit import AnyRequest
from accounts.guards import NO_GUARDS, Guards, own_phone_refusal
from accounts.models import AccessToken, Account, CallMode, User
from mobayilo.lib.errors import ProductError
from telephony.models import CallerId, Registration, Verification
from telephony.numbers import country_code, mask, number_from_e164
from telephony.phones.shown import recent_refusals, with_shown_facts

State = Verification.State


def active_caller_ids(account: Account) -> list[CallerId]:
    """Return the phones of the account, the default first.

    Each has `is_registered`, and `was_refused` if the carrier refused its number in the last days.
    """
    phones = CallerId.objects.filter(account=account, removed_at=None)
    registered = Registration.objects.filter(
        e164=OuterRef("e164"), state=Registration.State.REGISTERED
    )
    facts = {"is_registered": Exists(registered), "was_refused": Exists(recent_refusals())}
    return list(phones.annotate(**facts).order_by("-is_default", "id"))


def caller_id_state(account: Account) -> tuple[str, str | None]:
    """Return `none`, `pending` or `verified`, and the number concerned."""
    default = CallerId.objects.filter(account=account, removed_at=None, is_default=True).first()
    if default is not None and default.is_verified:
        return "verified", default.e164
    if waiting := pending(account).order_by("-id").first():
        return "pending", waiting.e164
    return "none", default.e164 if default else None


def caller_id_for_calls(
    account: Account, public_id: str | None, *, called_e164: str = ""
) -> CallerId:
    """Return the phone to ring, or the default one. Raise ProductError if it is not verified.

    The account's limits, and what decides whose number is shown, are read with it, so that a call
    needs no query for them.
    """
    ids = CallerId.objects.filter(account=account, removed_at=None)
    ids = with_shown_facts(ids.select_related("account__call_limits"), called_e164)
    phone = (
        ids.filter(public_id=public_id).first()
        if public_id
        else ids.filter(is_default=True).first()
    )
    if phone is None and public_id:
        raise ProductError("caller_id_required", "That phone is not one of this account's.")
    if phone is None:
        raise ProductError("caller_id_required", "No phone of yours is verified yet.")
    if not phone.is_verified:
        raise ProductError(
            "caller_id_unverified", f"{phone.e164} was verified too long ago to call with."
        )
    return phone


def check_own_phone(token: AccessToken | None, e164: str) -> None:
    """Refuse a phone of the customer that the token's guards keep from ringing.

    Raise `guard_destination` or `guard_caller_id`.
    """
    guards = NO_GUARDS if token is None else Guards.from_columns(token)
    if not guards:
        return
    country = number_from_e164(e164).country
    if code := own_phone_refusal(guards, e164=e164, country=country):
        raise ProductError(code, f"This token may not ring your phone {e164}.")


def set_default(caller_id: CallerId, *, token: AccessToken | None = None) -> CallerId:
    """Make a phone the one that calls ring.

    Raise `not_found` for a phone that was just removed, and the errors of `check_own_phone`.
    """
    check_own_phone(token, caller_id.e164)
    with transaction.atomic():
        mine = _locked(caller_id.account)
        if caller_id not in mine:
            raise ProductError("not_found", "That phone was removed.")
        mine.exclude(pk=caller_id.pk).update(is_default=False)
        mine.filter(pk=caller_id.pk).update(is_default=True)
    caller_id.refresh_from_db()
    return caller_id


def remove_caller_id(
    caller_id: CallerId,
    *,
    user: User | None,
    reason: str = CallerId.Removal.BY_CUSTOMER,
    token: AccessToken | None = None,
) -> bool:
    """Remove a phone; the oldest other phone becomes the default. Return False on a repetition."""
    account = caller_id.account
    with transaction.atomic():
        mine = _locked(account).filter(pk=caller_id.pk)
        if not mine.update(removed_at=timezone.now(), removed_reason=reason, is_default=False):
            return False
        ensure_default(account)
        mark_for_removal(caller_id.e164)
        audit.record(
            "caller_id.removed", account=account, user=user, token=token,
            number=mask(caller_id.e164), reason=str(reason),
        )  # fmt: skip
    return True


def mark_for_removal(e164: str, *, unless_used: bool = True) -> bool:
    """Mark a registration for removal by `reconcile_registrations`. Return False if there is none.

    With `unless_used`, a number that is a phone of an account stays, and False is returned. The row
    is locked first: of two accounts that remove the number at once, the last one marks it.
    """
    registered = Registration.objects.filter(e164=e164, state=Registration.State.REGISTERED)
    if not registered.select_for_update().exists():
        return False
    if unless_used and CallerId.objects.filter(e164=e164, removed_at=None).exists():
        return False
    removing = Registration.State.REMOVING
    return registered.update(state=removing, expires_at=timezone.now()) == 1


def set_only_my_number(
    *, user: User, only: bool, token: AccessToken | None = None, request: AnyRequest = None
) -> Account:
    """Set whether calls fail rather than show another number than the account's own phone."""
    return _set(
        "only_my_number", only, user=user, token=token, request=request, facts={"only": only}
    )


def set_call_mode(
    *, user: User, mode: CallMode, token: AccessToken | None = None, request: AnyRequest = None
) -> Account:
    """Set the mode of calls from a terminal that say none, while no agent runs there."""
    return _set(
        "call_mode", mode, user=user, token=token, request=request, facts={"mode": mode.value}
    )


def set_asks_for_key(
    *,
    user: User,
    asks: bool,
    token: AccessToken | None = None,
    request: AnyRequest = None,
    account: Account | None = None,
    reason: str = "",
) -> Account:
    """Set whether a call asks for a key on the account's own phone before the other one rings.

    The account is the user's, or for staff that of a customer, with a reason.
    """
    facts = {"asks": asks} | ({"reason": reason} if reason else {})
    return _set(
        "asks_for_key", asks,
        user=user, token=token, request=request, facts=facts, account=account,
    )  # fmt: skip


def _set(
    name: str,
    value: bool | str,
    *,
    user: User,
    token: AccessToken | None,
    request: AnyRequest,
    facts: Mapping[str, bool | str],
    account: Account | None = None,
) -> Account:
    """Set a setting of an account. A change is recorded, a repetition is not."""
    account_pk = account.pk if account else user.account_id
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_pk)
        if getattr(account, name) != value:
            setattr(account, name, value)
            account.save(update_fields=[name])
            audit.record(
                f"account.{name}_changed", account=account, user=user, token=token,
                request=request, **facts,
            )  # fmt: skip
    return account


def set_default_country(
    *, user: User, country: str, token: AccessToken | None = None, request: AnyRequest = None
) -> Account:
    """Set the country in which the account's numbers are read. Raise `unknown_country`."""
    iso = country_code(country)
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=user.account_id)
        was, account.default_country = account.default_country, iso
        if was != iso:
            account.save(update_fields=["default_country"])
            audit.record(
                "account.country_changed", account=account, user=user, token=token,
                request=request, country=iso, was=was,
            )  # fmt: skip
    return account


def ensure_default(account: Account) -> None:
    mine = CallerId.objects.filter(account=account, removed_at=None)
    first = mine.order_by("-is_default", "id").first()
    if first is not None and not first.is_default:
        mine.filter(pk=first.pk).update(is_default=True)


def _locked(account: Account) -> QuerySet[CallerId]:
    """Lock all phones of the account, always in one order, since exactly one is the default."""
    mine = CallerId.objects.filter(account=account, removed_at=None)
    list(mine.select_for_update().order_by("id"))
    return mine


def pending(account: Account) -> QuerySet[Verification]:
    """Return the verifications that wait for their code."""
    return Verification.objects.filter(
        account=account, state=State.PENDING, expires_at__gt=timezone.now()
    )
