"""Makes the old data folder, opens one, and prints what is in it: see contents.py."""

from __future__ import annotations

import json
import os
import sys

BEFORE_RENAMES = ("inbox", "0011_search_names")
_SQLITE = (
    "INSERT INTO inbox_searchindex (subject, sender, recipients, body, rowid)"
    " VALUES (%s, %s, %s, %s, %s)"
)
_POSTGRESQL = (
    "UPDATE inbox_searchtext SET vector = setweight(to_tsvector('simple', %s), 'A')"
    " || setweight(to_tsvector('simple', %s), 'B')"
    " || setweight(to_tsvector('simple', %s), 'C')"
    " || setweight(to_tsvector('simple', %s), 'D') WHERE id = %s"
)


def make() -> None:
    """Fill an empty database as it was at BEFORE_RENAMES."""
    from django.db import connection, transaction
    from django.db.migrations.executor import MigrationExecutor

    from mailsink.conf import CONFIG
    from tests.old_data import mails
    from tests.old_data.rows import Rows

    executor = MigrationExecutor(connection)
    others = [each for each in executor.loader.graph.leaf_nodes() if each[0] != "inbox"]
    state = executor.migrate([*others, BEFORE_RENAMES])
    rows = Rows(state.apps.all_models["inbox"], CONFIG.data)
    with transaction.atomic(), connection.cursor() as cursor:
        rows.write()
        cursor.executemany(
            _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL,
            [(*mails.indexed_words(number), key) for key, number in rows.indexed],
        )


def main(command: str) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailsink.settings")
    django.setup()

    from inbox.storage import setup
    from mailsink.conf import CONFIG
    from tests.old_data.contents import contents

    if command == "make":
        make()
    else:
        setup.migrate(CONFIG)
    json.dump(contents(), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
