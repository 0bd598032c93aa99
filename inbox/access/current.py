"""The identity behind the current request.

Before a request was judged, the identity is a stranger with accounts on, who sees
nothing.
"""

from __future__ import annotations

from contextvars import ContextVar

from django.utils.translation import gettext as _

from inbox.access import accounts
from inbox.access.identity import EVERYBODY, STRANGER, Identity
from inbox.access.roles import Role
from inbox.errors import Forbidden
from inbox.mailbox.scope import Scope

_Entered = tuple[Identity, Role]
_entered: ContextVar[_Entered | None] = ContextVar("entered", default=None)


def enter(identity: Identity, least: Role = Role.VIEWER) -> None:
    """Set the caller of this context. least: the role that the route requires"""
    _entered.set((identity, least))


def leave() -> None:
    """Remove the caller of this context."""
    _entered.set(None)


def identity() -> Identity:
    """Return the current caller."""
    return _now()[0]


def user() -> int | None:
    """Return the primary key of the current user; None without accounts."""
    return identity().user


def scope(least: Role = Role.VIEWER) -> Scope:
    """Return the inboxes in which the caller has the route's role, and also this one.

    Raises Forbidden if there is no such inbox.
    """
    caller, asked = _now()
    if least > Role.VIEWER and caller.rank < least:
        words = _(
            "You can see this, but not change it: changes need the role %(role)s."
        )
        raise Forbidden(words % {"role": least.name.lower()})
    return caller.within(max(asked, least, Role.VIEWER))


def _now() -> _Entered:
    entered = _entered.get()
    if entered is None or (entered[0] is EVERYBODY and accounts.are_on()):
        return (STRANGER if accounts.are_on() else EVERYBODY), Role.VIEWER
    return entered
