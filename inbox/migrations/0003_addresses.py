from django.db import migrations, models


class Migration(migrations.Migration):
    """What belongs to people: known addresses only, quota, pause."""

    dependencies = [("inbox", "0002_default_inbox")]
    operations = [
        migrations.AddField(
            "inbox", "known_only", models.BooleanField(default=False)
        ),
        migrations.AddField(
            "inbox", "quota_octets", models.PositiveBigIntegerField(default=0)
        ),
        migrations.AddField("inbox", "paused", models.BooleanField(default=False)),
    ]
