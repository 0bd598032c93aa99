"""Errors in a user's request, each kind with its HTTP status.

The text names the fault and the remedy. Raise these anywhere: one handler answers for
all pages (inbox.views.errors), one for API v3 (inbox.api.v3.api).
"""

from __future__ import annotations

from typing import Any, ClassVar


class UserError(Exception):
    """The base of all user errors; never raised itself."""

    status: ClassVar[int] = 400

    @property
    def members(self) -> dict[str, Any]:
        """The members of a JSON answer in addition to its sentence."""
        return {}


class BadRequest(UserError):
    """A query or cursor that cannot be parsed."""


class Forbidden(UserError):
    """The user may see this, but not do the requested action."""

    status = 403


class NotFound(UserError):
    """The object does not exist, or the user may not see it."""

    status = 404


class Conflict(UserError):
    """The state of the object does not allow this now."""

    status = 409


class TriedTooOften(UserError):
    """There were too many tries; a later one is allowed."""

    status = 429


class Invalid(UserError):
    """A value that cannot be stored, or a choice that cannot be acted on."""

    status = 422


class InvalidMember(Invalid):
    """A value that cannot be stored, with the name of its member."""

    def __init__(self, member: str, words: str) -> None:
        """member: its path, such as "conditions.header"; words: the fault"""
        super().__init__(words)
        self.member = member

    @property
    def members(self) -> dict[str, Any]:
        return {"member": self.member}


class NotKept(UserError):
    """The action is done, but the disk is too full to store its result."""

    status = 507


class NoRoom(UserError):
    """The disk is full; a part of the request is done all the same."""

    status = 507

    def __init__(self, words: str, imported: int) -> None:
        """imported: the number of messages stored before"""
        super().__init__(words)
        self._imported = imported

    @property
    def members(self) -> dict[str, Any]:
        return {"imported": self._imported}
