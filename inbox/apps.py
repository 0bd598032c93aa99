"""The app's configuration: adds our SQL functions to each new SQLite connection."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class InboxConfig(AppConfig):
    name = "inbox"

    def ready(self) -> None:
        from inbox.storage.sqlite import add_functions

        connection_created.connect(add_functions)
