"""What a token may do, each right with its plain sentence."""

from django.db import models


class Scope(models.TextChoices):
    """A right, `subject:action`, in alphabetical order."""

    ACCOUNT_READ = "account:read", "See the account and where it is signed in"
    BILLING_READ = "billing:read", "See balance, top-ups and transactions"
    BILLING_WRITE = "billing:write", "Start top-ups"
    CALLER_IDS_WRITE = "caller_ids:write", "Verify, choose and remove caller IDs"
    CALLS_READ = "calls:read", "See calls and receipts"
    CALLS_WRITE = "calls:write", "Place and end calls, which spends balance"
    TOKENS_WRITE = "tokens:write", "Create and revoke tokens and sign devices out"


DEVICE_DEFAULT: tuple[str, ...] = tuple(s.value for s in Scope if s is not Scope.TOKENS_WRITE)
