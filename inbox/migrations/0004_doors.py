from django.db import migrations, models


class Migration(migrations.Migration):
    """By which kind of listener a session came, and where those listen."""

    dependencies = [("inbox", "0003_addresses")]
    operations = [
        migrations.AddField("server", "smtps", models.JSONField(default=list)),
        migrations.AddField("server", "submission", models.JSONField(default=list)),
        migrations.AddField("server", "lmtp", models.JSONField(default=list)),
        migrations.AddField(
            "session", "door", models.CharField(max_length=16, default="smtp")
        ),
    ]
