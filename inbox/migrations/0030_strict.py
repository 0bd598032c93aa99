from django.db import migrations, models


class Migration(migrations.Migration):
    """Let an inbox refuse messages that have an error."""

    dependencies = [("inbox", "0029_discarded")]
    operations = [
        migrations.AddField("inbox", "strict", models.CharField(default="server", max_length=8)),
        migrations.AddField("inbox", "strict_ignored", models.JSONField(blank=True, default=list)),
    ]
