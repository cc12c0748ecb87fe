"""What a token may do, each right with its plain sentence."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """A right, `subject:action`, in alphabetical order."""

    ACCOUNT_READ = "account:read", _("See the account and where it is signed in")
    BILLING_READ = "billing:read", _("See balance, top-ups and transactions")
    BILLING_WRITE = "billing:write", _("Start top-ups")
    CALLER_IDS_WRITE = "caller_ids:write", _("Verify, choose and remove caller IDs")
    CALLS_READ = "calls:read", _("See calls and receipts")
    CALLS_WRITE = "calls:write", _("Place and end calls, which spends balance")
    TOKENS_WRITE = "tokens:write", _("Create and revoke tokens and sign devices out")


DEVICE_DEFAULT: tuple[str, ...] = tuple(s.value for s in Scope if s is not Scope.TOKENS_WRITE)
