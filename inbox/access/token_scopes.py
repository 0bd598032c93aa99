"""The scope that a token needs for each route, in addition to its user's role. Pure.

Reading needs `read`; every other method needs `write`, except for routes that send mail
in or out, and for rules. Managing users and tokens needs a person.
"""

from __future__ import annotations

import re

SCOPES = ("read", "write", "rules", "send", "release")
PERSON = "person"  # a scope that no token has

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_DRY = frozenset({"api/v3/rules/dry-run", "rules/preview"})  # they change nothing
_SENDING = frozenset({"api/v1/send", "import", "test-message"})
_PEOPLE = re.compile(
    r"(api/v3/)?(account|groups|invitations|login|logout|members|password|setup|tokens|"
    r"users|inboxes/<[^>]+>/members)(/|$)"
)
_RULES = re.compile(r"(api/v3/)?rules(/|$)|api/v1/chaos$|api/v2/jim$")
_RELEASE = re.compile(
    r"(api/v3/)?(releases|held|routes|release-rules|guard|outgoing)(/|$)"
    r"|.*/(release|unsubscribe)$"
)


def needed(route: str, method: str) -> str:
    """Return the scope for a route (Django's pattern) and method."""
    if method in _READING or route in _DRY:
        return "read"
    if _PEOPLE.match(route):
        return PERSON
    if route in _SENDING or (route, method) == ("api/v3/messages", "POST"):
        return "send"
    if _RULES.match(route):
        return "rules"
    return "release" if _RELEASE.match(route) else "write"
