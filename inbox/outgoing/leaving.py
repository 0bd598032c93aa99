"""Whether mail may leave to an address.

It is checked for a release, and again right before sending. Each function returns a
function from an address to the reason against it; "": none.
"""

from __future__ import annotations

from collections.abc import Callable

from inbox.mailbox import inboxes
from inbox.models import Route
from inbox.outgoing import allowing, guarding, release_rules

Refusal = Callable[[str], str]


def refusal(route: Route, inbox_id: int) -> Refusal:
    """Return all checks of mail that leaves an inbox through a route."""
    check, by = by_all(), by_route(route, inbox_id)
    return lambda address: check(address) or by(address)


def by_all() -> Refusal:
    """Return the checks of all mail, whatever its way.

    The guard must let the mail leave, and the rules must be readable.
    """
    fault, guard = release_rules.fault(), guarding.state()
    return lambda address: fault or guard.refusal(address)


def by_route(route: Route, inbox_id: int | None) -> Refusal:
    """Return the checks of a route for mail of an inbox."""
    if not serves(route, inbox_id):
        return lambda address: "The route is not for this inbox."
    return lambda address: allowing.refusal(address, route.allow, route.deny)


def serves(route: Route, inbox_id: int | None) -> bool:
    """Whether mail of an inbox may use a route at all."""
    slugs = route.inboxes
    if not isinstance(slugs, list):
        return False
    return not slugs or inboxes.slug(inbox_id) in slugs
