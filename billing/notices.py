"""Mails about money."""

from django.conf import settings

from accounts.mail import queue_mail_to_users
from accounts.models import Account
from billing.models import Transfer
from mobayilo.lib.money import MICROS_PER_CENT, format_balance, format_money

# The kinds of transfers that are mailed about; a call has its receipt, a dispute its own mail.
MAILED = {
    Transfer.Kind.TOPUP,
    Transfer.Kind.REFUND,
    Transfer.Kind.REFUND_RETURNED,
    Transfer.Kind.CALL_REFUND,
    Transfer.Kind.ADJUSTMENT,
    Transfer.Kind.PROMOTION,
    Transfer.Kind.WRITE_OFF,
}


def mail_transfer(transfer: Transfer) -> None:
    """Mail every active user of the account about a transfer: its receipt, and a low balance."""
    if transfer.kind in MAILED:
        queue_mail_to_users(
            transfer.wallet.account,
            template="billing/mail/money_moved",
            context={
                "kind": transfer.kind,
                "amount": format_money(abs(transfer.amount_micros)),
                "is_credit": transfer.amount_micros > 0,
                "reason": transfer.description,
                "reference": transfer.reference,
                "balance": format_balance(transfer.balance_after_micros),
                "id": transfer.public_id,
            },
            key=f"money-moved:{transfer.public_id}",
        )
    mail_low_balance(transfer)


def is_low(balance_micros: int) -> bool:
    """Return whether a balance is below `LOW_BALANCE_CENTS`."""
    return bool(balance_micros < settings.LOW_BALANCE_CENTS * MICROS_PER_CENT)


def mail_low_balance(transfer: Transfer) -> None:
    """Mail every active user of the account if this transfer made the balance low.

    Only the transfer that crosses the limit does, so there is one mail for each crossing.
    """
    before_micros = transfer.balance_after_micros - transfer.amount_micros
    if is_low(before_micros) or not is_low(transfer.balance_after_micros):
        return
    # A frozen account takes no top-up; its users have a mail about the freeze.
    account = Account.objects.get(pk=transfer.wallet.account_id)
    if account.is_frozen:
        return
    queue_mail_to_users(
        account,
        template="billing/mail/low_balance",
        context={"balance": format_balance(transfer.balance_after_micros)},
        key=f"low-balance:{transfer.public_id}",
    )
