"""Routes of MAILSINK_ROUTES.

They are stored in the database like others, but changed only in the setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inbox.errors import UserError
from inbox.models import Route
from inbox.outgoing import routes
from inbox.storage.write_lock import write_turn

_DEFAULTS: dict[str, Any] = {
    "port": 25, "tls": "required", "verify": True, "username": "", "password": "",
    "allow": [], "deny": [], "inboxes": [], "reverse_path": "", "add_received": False,
    "bounces": False,
}  # fmt: skip


def take(given: Mapping[str, Mapping[str, Any]]) -> None:
    """Add, change and remove routes, so that they match the settings.

    given: fields by name, without defaults. A user's route of that name is replaced.
    Raises ValueError, with words for the author of the settings.
    """
    checked = {name: _checked(name, fields) for name, fields in given.items()}
    with write_turn():
        gone = Route.objects.filter(from_settings=True).exclude(name__in=checked)
        gone.delete()
        for name, fields in checked.items():
            row = Route.objects.filter(name=name).first() or routes.fresh()
            routes.apply(row, fields)
            row.from_settings = True
            row.save()


def _checked(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = routes.stored_form({"name": name, **_DEFAULTS, **fields})
        routes.apply(routes.fresh(), found)
    except UserError as error:
        raise ValueError(f"{name}: {error}") from None
    return found
