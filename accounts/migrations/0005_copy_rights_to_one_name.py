from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A right had a name for each group of the staff. Now a table says which groups have it.
RENAMED = (
    ("billing", "support_adjust", "adjust_wallet", "Can credit and debit small amounts"),
    ("billing", "operator_adjust", "adjust_wallet", "Can credit and debit small amounts"),
    ("billing", "finance_adjust", "adjust_wallet", "Can credit and debit small amounts"),
    ("billing", "finance_adjust", "adjust_large_amounts", "Can credit and debit large amounts"),
    ("billing", "support_refund", "refund_topup", "Can refund top-ups"),
    ("billing", "operator_refund", "refund_topup", "Can refund top-ups"),
    ("billing", "finance_refund", "refund_topup", "Can refund top-ups"),
    ("billing", "operator_replay", "replay_stripeevent", "Can apply events again"),
    ("telephony", "support_remove", "remove_callerid", "Can remove caller IDs"),
    ("telephony", "operator_remove", "remove_callerid", "Can remove caller IDs"),
    ("telephony", "support_expire", "expire_verification", "Can expire verifications"),
    ("telephony", "operator_expire", "expire_verification", "Can expire verifications"),
    ("telephony", "support_reconcile", "reconcile_call", "Can ask Twilio about a call"),
    ("telephony", "operator_reconcile", "reconcile_call", "Can ask Twilio about a call"),
    ("telephony", "operator_open", "open_destination", "Can open destinations"),
    ("telephony", "operator_limit", "set_limits", "Can set the limits of an account"),
)


def copy_rights(apps: Apps, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    """Give each user and group with a right of the old name that of the new name too.

    The old rows stay: the release before, which may still run beside this one, reads them.
    """
    Permission = apps.get_model("auth", "Permission")
    for app_label, old_codename, codename, name in RENAMED:
        for old in Permission.objects.filter(
            content_type__app_label=app_label, codename=old_codename
        ):
            new, _ = Permission.objects.get_or_create(
                content_type=old.content_type, codename=codename, defaults={"name": name}
            )
            new.group_set.add(*old.group_set.all())
            new.user_set.add(*old.user_set.all())


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_remove_second_factor"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(copy_rights, migrations.RunPython.noop)]
