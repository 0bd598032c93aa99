"""The app's configuration: SQL functions for SQLite, and no rows for Django's permissions."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class InboxConfig(AppConfig):
    name = "inbox"

    def ready(self) -> None:
        from inbox.storage.sqlite import prepare

        connection_created.connect(prepare)
        # inbox.access has its own roles: the 200 rows of Django's permissions would be
        # unused.
        uid = "django.contrib.auth.management.create_permissions"
        post_migrate.disconnect(create_permissions, dispatch_uid=uid)
        post_migrate.disconnect(create_contenttypes)
