import django.db.models.deletion
from django.db import migrations, models

from inbox.models.session import AddressKey


class Migration(migrations.Migration):
    """Finding where mail for an address is: indexes, and tombstones of what was removed."""

    dependencies = [("inbox", "0004_doors")]
    operations = [
        migrations.AddIndex(
            "recipient",
            models.Index(
                AddressKey("forward_path"),
                models.F("transaction"),
                name="recipient_address",
            ),
        ),
        migrations.AddIndex(
            "recipient",
            models.Index(
                condition=models.Q(("rcpt_code__gte", 400)),
                fields=["transaction"],
                name="recipient_refused",
            ),
        ),
        migrations.CreateModel(
            "Tombstone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("address", models.CharField(max_length=256)),
                ("message", models.UUIDField()),
                ("transaction", models.UUIDField()),
                (
                    "inbox",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="inbox.inbox",
                    ),
                ),
                ("subject", models.TextField(blank=True)),
                ("received_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(null=True)),
                ("removed_at", models.DateTimeField()),
                ("cause", models.CharField(max_length=16)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("address", "message"), name="tombstone_once"
                    )
                ],
                "indexes": [
                    models.Index(fields=["removed_at"], name="tombstone_removed")
                ],
            },
        ),
    ]
