"""Identity: the caller of one request or websocket, and what they may do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from inbox.access.roles import Role
from inbox.mailbox.scope import ALL, Scope

# everybody: there are no accounts; stranger: there are, but the caller has not signed
# in
CallerKind = Literal["everybody", "stranger", "user", "token", "share link"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller. roles: by the primary key of an inbox, each at least VIEWER.

    user: the primary key; None for a caller without an account. token: the primary key
    of the caller's token. scopes: the permitted uses of the token; None: all
    """

    kind: CallerKind
    user: int | None = None
    name: str = ""
    is_administrator: bool = False
    roles: Mapping[int, Role] = field(default_factory=dict, hash=False)
    token: UUID | None = None
    scopes: frozenset[str] | None = None

    @property
    def is_known(self) -> bool:
        """Whether the caller need not sign in."""
        return self.kind != "stranger"

    @property
    def scope(self) -> Scope:
        """The inboxes that the caller can see."""
        return self.within(Role.VIEWER)

    @property
    def rank(self) -> Role:
        """The highest role that the caller has anywhere."""
        if self.is_administrator:
            return Role.ADMINISTRATOR
        least = Role.SIGNED_IN if self.is_known else Role.PUBLIC
        return max([least, *self.roles.values()])

    def within(self, least: Role) -> Scope:
        """Return the inboxes in which the caller has at least this role."""
        if self.is_administrator:
            return replace(ALL, reader=self.user)
        found = (inbox for inbox, role in self.roles.items() if role >= least)
        return Scope(frozenset(found), self.user)

    def role_in(self, inbox: int) -> Role | None:
        """Return the role in an inbox; None if the caller cannot see it."""
        return Role.MANAGER if self.is_administrator else self.roles.get(inbox)

    def has(self, scope: str) -> bool:
        """Whether a token permits this scope; always true for callers without a token."""
        return self.scopes is None or scope in self.scopes

    def may(self, role: Role, inbox: int | None = None) -> bool:
        """Whether the caller has this role: in an inbox, or if none is given, anywhere."""
        if inbox is None or role <= Role.SIGNED_IN:
            return self.rank >= role
        return self.is_administrator or self.roles.get(inbox, Role.PUBLIC) >= role


EVERYBODY = Identity("everybody", is_administrator=True)
STRANGER = Identity("stranger")
THROTTLED = Identity("stranger", name="throttled")  # after too many wrong tokens
