from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0008_rights_have_one_name"),
    ]

    operations = [
        migrations.AlterField(
            model_name="stripeevent",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Not applied yet"),
                    ("applied", "Applied"),
                    ("ignored", "About no payment of ours"),
                    ("unknown", "A kind that we do nothing with"),
                    ("refused", "Contradicts what we know"),
                    ("other_mode", "Of test mode, or of live mode under a test key"),
                ],
                default="",
                max_length=10,
            ),
        ),
    ]
