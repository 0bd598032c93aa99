"""Whether mail may leave to an address: asked where a release is, and again right before.

Each function returns another, from an address to why mail may not go to it; "": it may.
"""

from __future__ import annotations

from collections.abc import Callable

from inbox.mailbox import inboxes
from inbox.models import Route
from inbox.outgoing import allowing, guarding, release_rules

Refusal = Callable[[str], str]


def refusal(route: Route, inbox_id: int) -> Refusal:
    """Return all that decides whether mail of an inbox may leave by a route."""
    check, by = by_all(), by_route(route, inbox_id)
    return lambda address: check(address) or by(address)


def by_all() -> Refusal:
    """Return what holds for all mail, however it leaves: the guard, and rules that can be read."""
    fault, guard = release_rules.fault(), guarding.state()
    return lambda address: fault or guard.refusal(address)


def by_route(route: Route, inbox_id: int | None) -> Refusal:
    """Return what a route allows to the mail of an inbox."""
    if not serves(route, inbox_id):
        return lambda address: "The route is not for this inbox."
    return lambda address: allowing.refusal(address, route.allow, route.deny)


def serves(route: Route, inbox_id: int | None) -> bool:
    """Whether mail of an inbox may go by a route at all."""
    slugs = route.inboxes
    if not isinstance(slugs, list):
        return False
    return not slugs or inboxes.slug(inbox_id) in slugs
