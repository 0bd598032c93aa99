"""The full text of messages: FTS5 on SQLite, a tsvector on PostgreSQL."""

import django.db.models.deletion
from django.db import migrations, models

_SQLITE = """
CREATE VIRTUAL TABLE inbox_searchindex USING fts5(
    subject, sender, recipients, body,
    tokenize = "unicode61 remove_diacritics 0", prefix = '2 3'
)
"""
_POSTGRESQL = (
    "ALTER TABLE inbox_searchtext ADD COLUMN vector tsvector",
    "CREATE INDEX searchtext_vector ON inbox_searchtext USING gin (vector)",
)


def _make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in _POSTGRESQL:
            schema_editor.execute(statement)
    else:
        schema_editor.execute(_SQLITE)


def _drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE inbox_searchindex")


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0008_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to='inbox.message')),
            ],
        ),
        migrations.RunPython(_make, _drop),
    ]
