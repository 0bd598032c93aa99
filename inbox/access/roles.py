"""Roles, from the lowest to the highest; each includes the rights of the lower ones."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """The minimum role of a route. VIEWER, TESTER and MANAGER are roles in an inbox."""

    PUBLIC = 0
    SIGNED_IN = 1
    VIEWER = 2
    TESTER = 3
    MANAGER = 4
    ADMINISTRATOR = 5


# Their names in memberships
OF_MEMBERS = {
    "viewer": Role.VIEWER,
    "tester": Role.TESTER,
    "manager": Role.MANAGER,
}
