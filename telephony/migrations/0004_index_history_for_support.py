import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_audit_events_are_immutable"),
        ("telephony", "0003_operators_set_limits_of_an_account"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["created_at"], name="call_created"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                django.db.models.functions.text.Right("to_e164", 4),
                models.OrderBy(models.F("id"), descending=True),
                name="call_number_end",
            ),
        ),
        migrations.AddIndex(
            model_name="callerid",
            index=models.Index(
                django.db.models.functions.text.Right("e164", 4),
                models.OrderBy(models.F("id"), descending=True),
                name="caller_id_number_end",
            ),
        ),
        migrations.AddIndex(
            model_name="refusedcall",
            index=models.Index(fields=["created_at"], name="refused_call_created"),
        ),
        migrations.AddIndex(
            model_name="refusedcall",
            index=models.Index(fields=["request_id"], name="refused_call_request"),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(
                django.db.models.functions.text.Right("e164", 4),
                models.OrderBy(models.F("id"), descending=True),
                name="verification_number_end",
            ),
        ),
    ]
