from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_index_tokens_by_last_four"),
        ("billing", "0002_transfers_are_immutable"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="stripeevent",
            index=models.Index(
                condition=models.Q(("outcome", "refused")),
                fields=["id"],
                name="stripe_event_refused",
            ),
        ),
        migrations.AddIndex(
            model_name="topup",
            index=models.Index(
                condition=models.Q(("problem__gt", "")), fields=["id"], name="topup_with_problem"
            ),
        ),
    ]
