"""The guard: while it is on, mail leaves only to addresses in its list, whatever else allows.

If its row is unreadable, perhaps after an edit by hand, no mail leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.utils.translation import gettext as _

from inbox.errors import Conflict
from inbox.models import OutgoingGuard, Route
from inbox.models.outgoing import ONLY
from inbox.outgoing import allowing, routes, switch
from inbox.outgoing.due_signal import rules_changed
from inbox.storage.write_lock import write_turn
from mailsink.ids import uuid7

_BROKEN = "The settings of the guard cannot be read."
_NOT_NAMED = "The guard is on, and this recipient is not on its list."

_always = False


@dataclass(frozen=True, slots=True)
class GuardState:
    """The state of the guard. fault: why no mail may leave; "" if some may"""

    is_on: bool
    allow: Any = ()
    route: Route | None = None
    since: UUID | None = None
    fault: str = ""

    def refusal(self, address: str) -> str:
        """Return why mail may not go to an address; "" if the guard does not object."""
        if self.fault:
            return self.fault
        if self.is_on and not allowing.fits(address, self.allow):
            return _NOT_NAMED
        return ""


def use(always: bool) -> None:
    """Set whether the guard is always on, whatever the page says, as decided at the start."""
    global _always
    _always = always


def is_always_on() -> bool:
    """Whether a setting keeps the guard on."""
    return _always


def state() -> GuardState:
    """Return the current state of the guard."""
    try:
        row = OutgoingGuard.objects.select_related("route").filter(pk=ONLY).first()
    except DatabaseError:
        raise
    except Exception:  # a value has the wrong type for its column
        row = None
    if row is None or row.switch not in ("on", "off"):
        return GuardState(True, fault=_BROKEN)
    is_on = _always or row.switch == "on"
    if is_on and not allowing.readable(row.allow):
        return GuardState(True, fault=_BROKEN)
    return GuardState(is_on, row.allow, row.route, row.since)


def change(
    is_on: bool | None = None,
    allow: Sequence[str] | None = None,
    route: str | None = None,
) -> GuardState:
    """Change the given settings, and return the guard. route: a name; "" for none.

    The change applies to messages from now on. Raises Invalid, NotFound, Conflict.
    """
    switch.check()
    if is_on is False and _always:
        raise Conflict(_("MAILSINK_GUARD keeps the guard on."))
    changes: dict[str, Any] = {"since": uuid7()}
    if is_on is not None:
        changes["switch"] = "on" if is_on else "off"
    if allow is not None:
        changes["allow"] = routes.patterns(allow)
    if route is not None:
        changes["route"] = routes.get(route) if route else None
    with write_turn():  # without reading the row, which may be broken
        if not OutgoingGuard.objects.filter(pk=ONLY).update(**changes):
            OutgoingGuard.objects.create(pk=ONLY, **changes)
    rules_changed.send(sender=None)
    return state()
