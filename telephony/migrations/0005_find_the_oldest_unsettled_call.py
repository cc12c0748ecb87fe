from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony", "0004_index_history_for_support")]

    operations = [
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("settled_at", None)),
                fields=["created_at"],
                name="call_unsettled_by_age",
            ),
        ),
    ]
