"""The identity of the request that is being answered, for whoever answers it.

Where a request has not been judged, accounts are on and this is nobody: nothing is seen.
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
    """Let this be who asks, from here on in this context. least: what the route asks for."""
    _entered.set((identity, least))


def leave() -> None:
    """Let nobody ask any more in this context."""
    _entered.set(None)


def identity() -> Identity:
    """Return who asks."""
    return _now()[0]


def user() -> int | None:
    """Return the primary key of the user who asks; None without accounts."""
    return identity().user


def scope(least: Role = Role.VIEWER) -> Scope:
    """Return the inboxes in which the caller may do what the route does, and this too.

    Raises Forbidden if they may do this in none.
    """
    caller, asked = _now()
    if least > Role.VIEWER and caller.rank < least:
        words = _("You may see this, but not change it: that takes the role %(role)s.")
        raise Forbidden(words % {"role": least.name.lower()})
    return caller.within(max(asked, least, Role.VIEWER))


def _now() -> _Entered:
    entered = _entered.get()
    if entered is None or (entered[0] is EVERYBODY and accounts.are_on()):
        return (STRANGER if accounts.are_on() else EVERYBODY), Role.VIEWER
    return entered
