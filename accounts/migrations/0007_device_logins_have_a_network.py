"""The network of a device login, by which those that wait are counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_audit_events_are_not_truncated")]
    operations = [
        migrations.AddField(
            model_name="devicelogin",
            name="network",
            field=models.GenericIPAddressField(editable=False, null=True),
        )
    ]
