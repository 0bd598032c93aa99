"""Let SQLite's file shrink, which it can only if it was made so, or is written once more."""

from django.db import DatabaseError, migrations

# Octets, and beyond these it stays as it is: to write it once more takes long, and as much
# room again. docs/deploy.md says how to have it done.
_MOST = 64 * 1024 * 1024


def _let_shrink(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        (octets,) = cursor.fetchone()
        if octets > _MOST:
            return
        cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
        try:
            cursor.execute("VACUUM")
        except DatabaseError:
            pass  # there is no room for it: it stays as it is


class Migration(migrations.Migration):

    atomic = False  # VACUUM is no part of a transaction

    dependencies = [
        ('inbox', '0046_audit_is_not_truncated'),
    ]

    operations = [
        migrations.RunPython(_let_shrink, migrations.RunPython.noop, elidable=False),
    ]
