"""Who of the staff may do what: one table, written to the database after each migration."""

from typing import Any

from django.contrib.auth.models import Group, Permission

SUPPORT = (
    "accounts.freeze_account",
    "accounts.revoke_accesstoken",
    "accounts.end_sessions",
    "accounts.resend_outboxmail",
    "accounts.add_user",
)
OPERATOR = (
    *SUPPORT,
    "accounts.tighten_tokens",
    "accounts.lock_user",
    "accounts.remove_second_factor",
)
GROUPS: dict[str, tuple[str, ...]] = {"support": SUPPORT, "finance": (), "operator": OPERATOR}
# The apps whose rows all staff may look at; the rest of a right is named by its room.
LOOKED_AT = ("accounts", "billing", "telephony", "overview", "account", "mfa", "usersessions")


def sync(**kwargs: Any) -> None:
    """Gives each group the rights of the table that exist by now; takes none away.

    Rooms name rights of their own by `permissions` on a model with the group before the codename,
    such as `("finance_refund", …)`: whoever is in that group gets it.
    """
    for name, rights in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        looking = Permission.objects.filter(
            content_type__app_label__in=LOOKED_AT, codename__startswith="view_"
        )
        named = [permission for right in rights for permission in _permissions(right)]
        own = Permission.objects.filter(codename__startswith=f"{name}_")
        group.permissions.add(*looking, *named, *own)


def _permissions(right: str) -> list[Permission]:
    app_label, codename = right.split(".")
    found = Permission.objects.filter(content_type__app_label=app_label, codename=codename)
    return list(found)
