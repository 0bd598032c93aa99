"""Refuse TRUNCATE of the audit log, which fires no trigger of a row.

SQLite has none: its DELETE fires the trigger for each row. A log without entries can be
emptied, as tests do between each other.
"""

from django.db import migrations

_POSTGRESQL = (
    """
    CREATE FUNCTION inbox_auditentry_is_kept() RETURNS trigger AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM inbox_auditentry) THEN
            RAISE EXCEPTION 'the audit log is append-only';
        END IF;
        RETURN NULL;
    END $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER inbox_auditentry_is_kept BEFORE TRUNCATE ON inbox_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION inbox_auditentry_is_kept()
    """,
)


def _guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in _POSTGRESQL:
            schema_editor.execute(statement)


def _unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION inbox_auditentry_is_kept CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0045_sign_in'),
    ]

    operations = [
        migrations.RunPython(_guard, _unguard, elidable=False),
    ]
