from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0011_delayed_payments"),
    ]

    operations = [
        migrations.AddField(
            model_name="dispute",
            name="answer_by",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
