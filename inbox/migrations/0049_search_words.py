"""The words of SQLite's full text, in their order: see inbox/search/fulltext/query.py."""

from django.db import migrations

_INDICES = ("inbox_searchindex", "inbox_headerindex")


def _make(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for index in _INDICES:
            schema_editor.execute(f"CREATE VIRTUAL TABLE {index}_words USING fts5vocab({index}, instance)")


def _drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for index in _INDICES:
            schema_editor.execute(f"DROP TABLE {index}_words")


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0048_searched_for'),
    ]

    operations = [
        migrations.RunPython(_make, _drop),
    ]
