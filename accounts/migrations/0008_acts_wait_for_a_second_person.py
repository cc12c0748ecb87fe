"""Acts of staff that a second person confirms, and the audit log of one user by time."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_device_logins_have_a_network"),
    ]

    operations = [
        migrations.CreateModel(
            name="PendingAct",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("words", models.CharField(max_length=300)),
                ("page", models.CharField(max_length=60)),
                ("action", models.CharField(max_length=60)),
                ("row", models.BigIntegerField()),
                ("fields", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("confirmed", "confirmed"),
                            ("refused", "refused"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "act to confirm",
                "verbose_name_plural": "acts to confirm",
                "permissions": [("confirm_pendingact", "Can confirm an act of a colleague")],
            },
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["user", "created_at"], name="audit_event_of_user"),
        ),
        migrations.AddField(
            model_name="pendingact",
            name="account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.account",
            ),
        ),
        migrations.AddField(
            model_name="pendingact",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="pendingact",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="pendingact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    ("state", "refused"),
                    models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="pending_act_is_confirmed_by_another",
            ),
        ),
    ]
