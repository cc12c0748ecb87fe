from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_topups_know_that_they_were_canceled"),
    ]

    operations = [
        migrations.AddField(
            model_name="topup",
            name="is_by_card",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="topup",
            name="processing_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
