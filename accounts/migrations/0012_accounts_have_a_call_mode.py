from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_accounts_ask_for_a_key"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="call_mode",
            field=models.CharField(
                choices=[
                    ("callback", "Your phone rings first"),
                    ("computer", "Through the computer"),
                ],
                db_default="callback",
                default="callback",
                max_length=8,
            ),
        ),
    ]
