"""What a new customer does next, until a first call is behind them."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessToken, User
from billing.models import Transfer
from telephony.models import Call


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: commands to type, or a page to go to."""

    title: Any
    is_done: bool
    commands: tuple[str, ...] = ()
    url: str = ""
    action: Any = ""


def next_steps(user: User, *, is_verified: bool) -> list[Step]:
    """The steps in their order; empty once a call was placed, which needs all of the others."""
    account = user.account
    if Call.objects.filter(account=account).exists():
        return []
    signed_in = AccessToken.objects.filter(user=user, kind=AccessToken.Kind.DEVICE).exists()
    has_paid = Transfer.objects.of(account).filter(amount_micros__gt=0).exists()
    return [
        Step(_("Install moby"), signed_in, commands=(settings.MOBY_INSTALL_COMMAND,)),
        Step(_("Sign in from your terminal"), signed_in, commands=("moby auth login",)),
        Step(
            _("Prove which phone is yours"),
            is_verified,
            commands=("moby caller-id request",),
            url=reverse("telephony:caller-ids"),
            action=_("Or verify it here"),
        ),
        Step(
            _("Top up"),
            has_paid,
            commands=("moby topup 20 --open",),
            url=reverse("billing:topup"),
            action=_("Or top up here"),
        ),
        Step(_("Make the first call"), False, commands=('moby call "+44 20 7946 0018"',)),
    ]
