"""Which inboxes a reader may see. Every reading service takes a scope first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q


@dataclass(frozen=True, slots=True)
class Scope:
    """The inboxes (by primary key) that may be seen; None: all of them.

    reader: the user who reads, by primary key, with what is their own: which messages they
    have read, which are assigned to them; None: nobody in particular
    """

    inboxes: frozenset[int] | None = None
    reader: int | None = None

    def allows(self, inbox_id: int | None) -> bool:
        """Whether what belongs to this inbox may be seen; None belongs to no one inbox."""
        return self.inboxes is None or inbox_id in self.inboxes

    def q(self, field: str = "inbox_id") -> Q:
        """Return the condition that keeps a query within the scope."""
        return Q() if self.inboxes is None else Q(**{f"{field}__in": self.inboxes})


ALL = Scope()
