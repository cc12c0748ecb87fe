"""Limits of acting for others: staff never for themselves, only a superuser for a colleague.

Acts that a second person confirms are asked for by one and done by another. Such an act is an
action of a page on a row, or the page's own form of a row. The form is kept as it was filled in,
and the act is done by its own code when it is confirmed. Acts that wait carry the key of their
form, so that a form sent twice asks once and moves once.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.access import signed_in_user
from accounts.audit import record
from accounts.models import Account, PendingAct, User
from mobayilo.lib.errors import ProductError
from mobayilo.lib.ids import random_base62

# The facts of an account may be others by then.
WAITS_FOR = timedelta(days=7)
State = PendingAct.State
# In place of an action's name and of a row: the form of the page itself, and a row to be made.
SAVED, NEW = "save", 0


def refuse_self_and_colleagues(staff: User, accounts: Iterable[Account | None]) -> None:
    """Raise `insufficient_scope` for an act on one's own account, or on that of a colleague.

    In their own account staff are customers. A colleague's factor, sessions and tokens guard other
    people's accounts, and a colleague's balance is an invitation.
    """
    touched = {account.pk for account in accounts if account is not None}
    if staff.account_id in touched:
        raise ProductError(
            "insufficient_scope",
            "This is your own account. Staff do not act for themselves: ask a colleague.",
            hint="",
        )
    if staff.is_superuser:
        return
    colleague = User.objects.filter(account__in=touched, is_staff=True).first()
    if colleague is not None:
        raise ProductError(
            "insufficient_scope", f"Ask a superuser: {colleague} is a colleague.", hint=""
        )


def ask(
    *,
    page: str,
    action: str,
    row: int,
    fields: dict[str, Any],
    words: str,
    account: Account | None,
    request: HttpRequest,
) -> str:
    """Keep an act for a second person. Return the message for the one who asks."""
    staff = signed_in_user(request)
    key = f"{page}:{action}:{row}:{fields.get('key') or random_base62(20)}"[:120]
    with transaction.atomic():
        act, is_new = PendingAct.objects.get_or_create(
            key=key,
            defaults={
                "page": page, "action": action, "row": row, "fields": fields, "words": words,
                "account": account, "asked_by": staff,
            },
        )  # fmt: skip
        if not is_new:
            return f"This form was sent before: “{act.words}” is {act.get_state_display()}."
        record(
            "act.asked", account=account, user=staff, request=request,
            act=words, reason=fields.get("reason", ""),
        )  # fmt: skip
    return f"Nothing was done yet. “{words}” waits for a second person under Acts to confirm."


def confirm(act: PendingAct, *, reason: str, request: HttpRequest) -> str:
    """Do an act for the one who asked, and return its message.

    The limits and rights are those of the second person, who answers for it. A crash before the
    act is marked leaves it waiting: confirmed again, its key moves nothing twice.
    """
    staff = signed_in_user(request)
    _refuse_decided(act)
    if act.created_at < timezone.now() - WAITS_FOR:
        words = f"It waited for more than {WAITS_FOR.days} days. Refuse it. Ask for it once more."
        raise ProductError("invalid_request", words, hint="")
    if act.asked_by_id == staff.pk:
        raise ProductError("insufficient_scope", "You asked for this; another confirms.", hint="")
    message = _do(act, request)
    _decide(act, State.CONFIRMED, reason=reason, request=request)
    return message


def _do(act: PendingAct, request: HttpRequest) -> str:
    """Do an act by the code of its page, and return the message."""
    page: Any = admin.site.get_model_admin(apps.get_model(act.page))
    if act.action == SAVED:
        saved: str = page.save_confirmed(request, act)
        return saved
    action: Any = getattr(type(page), act.action)
    if not signed_in_user(request).has_perm(action.right):
        raise ProductError("insufficient_scope", f"This needs the right {action.right}.", hint="")
    queryset: QuerySet[Any] = page.get_queryset(request).filter(pk=act.row)
    form = action.form_class(act.fields)
    if not form.is_valid() or not queryset:
        raise ProductError("invalid_request", "This can be done no more. Refuse it.", hint="")
    message: str = action.work(page, request, queryset, form)
    return message


def refuse(act: PendingAct, *, reason: str, request: HttpRequest) -> str:
    """End an act without doing it, however old it is; the one who asked may do so too."""
    _refuse_decided(act)
    _decide(act, State.REFUSED, reason=reason, request=request)
    return f"Refused: {act.words}."


def _refuse_decided(act: PendingAct) -> None:
    if act.state != State.WAITING:
        words = f"It is {act.get_state_display()} already; nothing was done now."
        raise ProductError("invalid_request", words, hint="")


def _decide(act: PendingAct, state: State, *, reason: str, request: HttpRequest) -> None:
    """Mark an act as decided, and record by whom. Raise ProductError if a refusal came too late.

    A confirmation has done the act by now, so that it stands over a refusal made meanwhile.
    """
    staff = signed_in_user(request)
    open_to = [State.WAITING] if state == State.REFUSED else [State.WAITING, State.REFUSED]
    with transaction.atomic():
        undecided = PendingAct.objects.filter(pk=act.pk, state__in=open_to)
        if undecided.update(state=state, decided_by=staff, decided_at=timezone.now()):
            record(
                f"act.{state}", account=act.account, user=staff, request=request,
                act=act.words, asked_by=act.asked_by.email, reason=reason,
            )  # fmt: skip
        elif state == State.REFUSED:
            words = "It was decided a moment ago; nothing was done now."
            raise ProductError("invalid_request", words, hint="")
        # Otherwise another confirmed it at once, and the key of its form let it move once.
