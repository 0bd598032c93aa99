"""Roles, from the least to the most; each may do what those before it may."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """The least that a route asks for. VIEWER, TESTER and MANAGER are had in an inbox."""

    PUBLIC = 0
    SIGNED_IN = 1
    VIEWER = 2
    TESTER = 3
    MANAGER = 4
    ADMINISTRATOR = 5


# As memberships store them
OF_MEMBERS = {
    "viewer": Role.VIEWER,
    "tester": Role.TESTER,
    "manager": Role.MANAGER,
}
