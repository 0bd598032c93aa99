from datetime import UTC, datetime

from django.db import migrations, models


def _set_paused_at(apps, schema_editor):
    """An inbox that is paused already counts from now: no earlier time is known."""
    paused = apps.get_model("inbox", "Inbox").objects.filter(paused=True)
    paused.update(paused_at=datetime.now(UTC))


class Migration(migrations.Migration):
    """Say since when an inbox is paused, and find the messages with tags by an index."""

    dependencies = [("inbox", "0013_first_recipient")]
    operations = [
        migrations.AddField(
            "inbox", "paused_at", models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunPython(_set_paused_at, migrations.RunPython.noop),
        migrations.AddIndex(
            "message",
            models.Index(
                fields=["id"],
                name="message_tagged",
                condition=models.Q(deleted_at__isnull=True) & ~models.Q(tags=[]),
            ),
        ),
    ]
