"""Errors in a user's request, each kind with its HTTP status.

The text says what is wrong and what to do. Raise these anywhere: one handler answers
for all pages (inbox.views.errors), one for API v3 (inbox.api.v3.api).
"""

from __future__ import annotations

from typing import Any, ClassVar


class UserError(Exception):
    """The base of all; never raised itself."""

    status: ClassVar[int] = 400

    @property
    def members(self) -> dict[str, Any]:
        """Members of an answer in JSON, beside its sentence."""
        return {}


class BadRequest(UserError):
    """A query or cursor that cannot be read."""


class Forbidden(UserError):
    """The user may see this, but not do what was asked."""

    status = 403


class NotFound(UserError):
    """There is no such thing, or the user may not see it."""

    status = 404


class Conflict(UserError):
    """The thing is in a state that does not allow this now."""

    status = 409


class TriedTooOften(UserError):
    """It was tried too often; it may be tried again later."""

    status = 429


class Invalid(UserError):
    """A value that cannot be stored, or a choice that cannot be acted on."""

    status = 422


class InvalidMember(Invalid):
    """A value that cannot be stored, of a member that has a name."""

    def __init__(self, member: str, words: str) -> None:
        """member: its path, as "conditions.header"; words: what is wrong with it"""
        super().__init__(words)
        self.member = member

    @property
    def members(self) -> dict[str, Any]:
        return {"member": self.member}


class NotKept(UserError):
    """The deed is done, but the disk is too full to keep what came of it."""

    status = 507


class NoRoom(UserError):
    """The disk is full; some of what was asked for is done all the same."""

    status = 507

    def __init__(self, words: str, imported: int) -> None:
        """imported: how many messages were stored before"""
        super().__init__(words)
        self._imported = imported

    @property
    def members(self) -> dict[str, Any]:
        return {"imported": self._imported}
