"""Django's settings of a database, from its URL."""

from __future__ import annotations

from typing import Any

import dj_database_url


def of_url(url: str) -> dict[str, Any]:
    """Return the entry of DATABASES for a database, without a pool or test files.

    conn_max_age stays 0: an idle thread keeps no connection open.
    """
    is_sqlite = url.startswith("sqlite:")
    settings: dict[str, Any] = dict(
        dj_database_url.parse(
            url,
            conn_max_age=0,
            conn_health_checks=not is_sqlite,  # of connections in the pool
        )
    )
    if is_sqlite:
        settings["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # FULL: a 250 is a promise that a power cut must not break. By default,
            # Debian's SQLite overwrites all removed data with zeros.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            "PRAGMA journal_size_limit=67108864; PRAGMA secure_delete=OFF;",
        }
    return settings
