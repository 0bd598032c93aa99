"""Whether a schema is ours, of whatever Mailsink it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from inbox.upkeep.backup_schema import difference


@pytest.fixture
def file(tmp_path: Path, django_db_blocker: Any) -> Iterator[Path]:
    """An empty database, which Django has for its own."""
    before = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = tmp_path / "mailsink.sqlite3"
        yield tmp_path / "mailsink.sqlite3"
        connection.settings_dict["NAME"] = before
        connection.close()


def test_the_schema_of_an_earlier_mailsink_is_ours_also_after_an_update(
    file: Path,
) -> None:
    for inbox in ("0011_search_names", None):
        executor = MigrationExecutor(connection)
        leaves = executor.loader.graph.leaf_nodes()
        earlier = [("inbox", inbox)] if inbox else []
        executor.migrate(
            [*(each for each in leaves if each[0] != "inbox" or not inbox), *earlier]
        )
        connection.close()
        with closing(sqlite3.connect(file)) as source:
            source.execute("ANALYZE")
            assert difference(source) == ""
