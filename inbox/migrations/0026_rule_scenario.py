from django.db import migrations, models


class Migration(migrations.Migration):
    """Say which scenario a rule is part of."""

    dependencies = [("inbox", "0025_guard")]
    operations = [
        migrations.AddField(
            "rule", "scenario", models.CharField(blank=True, max_length=32)
        ),
    ]
