"""Rights of the staff, by group: one table, written to the database after each migration."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

SUPPORT = (
    "accounts.freeze_account",
    "accounts.revoke_accesstoken",
    "accounts.end_sessions",
    "accounts.resend_outboxmail",
    "accounts.add_user",
    "accounts.confirm_pendingact",
    "billing.adjust_wallet",
    "billing.refund_topup",
    "telephony.remove_callerid",
    "telephony.switch_question",
    "telephony.expire_verification",
    "telephony.reconcile_call",
)
FINANCE = (
    "accounts.confirm_pendingact",
    "billing.adjust_wallet",
    "billing.adjust_large_amounts",
    "billing.refund_topup",
)
OPERATOR = (
    *SUPPORT,
    "accounts.tighten_tokens",
    "accounts.lock_user",
    "accounts.remove_second_factor",
    "billing.replay_stripeevent",
    "telephony.open_destination",
    "telephony.set_limits",
    "telephony.set_shown_numbers",
)
GROUPS = {"support": SUPPORT, "finance": FINANCE, "operator": OPERATOR}
# The apps whose rows all staff may look at.
LOOKED_AT = ("accounts", "billing", "telephony", "overview", "account", "mfa", "usersessions")


def sync(**kwargs: Any) -> None:
    """Give each group the rights of the table that exist in the database; take none away."""
    for name, rights in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        permitted = Q(content_type__app_label__in=LOOKED_AT, codename__startswith="view_")
        for right in rights:
            app_label, codename = right.split(".")
            permitted |= Q(content_type__app_label=app_label, codename=codename)
        group.permissions.add(*Permission.objects.filter(permitted))
