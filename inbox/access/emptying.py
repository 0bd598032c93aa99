"""Deleting much at once takes a manager; pages then also ask for the slug of the inbox.

Much means everything, or more than MOST messages of a search. Messages named by ids
were chosen one by one.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from inbox.access import current
from inbox.access.roles import Role
from inbox.errors import Forbidden
from inbox.mailbox import selection
from inbox.mailbox.paging import DEFAULT_LIMIT
from inbox.mailbox.scope import Scope
from inbox.mailbox.selection import Selection

MOST = DEFAULT_LIMIT  # messages that a search can match: a page of the list


def scope_to_delete(chosen: Selection) -> Scope:
    """Return the inboxes in which the caller may delete the selection.

    The messages are counted only if the caller is no manager. Raises BadQuery,
    Forbidden.
    """
    caller, testing = current.identity(), current.scope(Role.TESTER)
    if testing.inboxes is None:
        return testing
    managed = caller.within(Role.MANAGER).inboxes or frozenset()
    if not _is_much(replace(testing, inboxes=testing.inboxes - managed), chosen):
        return testing
    if caller.rank < Role.MANAGER:
        words = _(
            "Only a manager can delete everything, or more than %(most)s messages "
            "with a search."
        )
        raise Forbidden(words % {"most": MOST})
    return current.scope(Role.MANAGER)


def has_to_be_typed(chosen: Selection) -> bool:
    """Whether a page asks for the slug before it deletes the selection.

    Never without accounts. Raises BadQuery.
    """
    if current.identity().kind == "everybody":
        return False
    return _is_much(current.scope(Role.TESTER), chosen)


def _is_much(scope: Scope, chosen: Selection) -> bool:
    if chosen.ids is not None:
        return False
    return chosen.is_everything or selection.count(scope, chosen, MOST + 1) > MOST
