"""Header fields in the full text: FTS5 on SQLite, a tsvector on PostgreSQL.

What is stored already is read again by the indexer, which this marks it for.
"""

from django.db import migrations, models

_SQLITE = """
CREATE VIRTUAL TABLE inbox_headerindex USING fts5(
    fields, tokenize = "unicode61 remove_diacritics 0", columnsize = 0
)
"""
_POSTGRESQL = (
    "ALTER TABLE inbox_searchtext ADD COLUMN header tsvector",
    "CREATE INDEX searchtext_header ON inbox_searchtext USING gin (header)",
)


def _make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in _POSTGRESQL:
            schema_editor.execute(statement)
    else:
        schema_editor.execute(_SQLITE)


def _drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE inbox_searchtext DROP COLUMN header")
    else:
        schema_editor.execute("DROP TABLE inbox_headerindex")


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0031_unsubscription'),
    ]

    operations = [
        migrations.AddField(
            model_name='searchtext',
            name='with_header',
            field=models.BooleanField(null=True),
        ),
        migrations.AddIndex(
            model_name='searchtext',
            index=models.Index(condition=models.Q(('with_header__isnull', True)), fields=['id'], name='searchtext_no_header'),
        ),
        migrations.RunPython(_make, _drop),
    ]
