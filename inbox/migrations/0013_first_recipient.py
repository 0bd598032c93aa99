from django.db import migrations, models

_FILL = """
UPDATE inbox_transaction SET first_recipient = COALESCE((
    SELECT forward_path FROM inbox_recipient
    WHERE inbox_recipient.transaction_id = inbox_transaction.id
    AND (rcpt_code < 300 OR inbox_transaction.recipients_accepted = 0)
    ORDER BY seq LIMIT 1
), '')
"""


class Migration(migrations.Migration):
    """Keep the first recipient beside the transaction, so that lists need no second query."""

    dependencies = [("inbox", "0012_listener_kind")]
    operations = [
        migrations.AddField(
            "transaction", "first_recipient", models.TextField(blank=True)
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
    ]
