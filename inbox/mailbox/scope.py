"""The inboxes that a reader may see. Every reading service takes a scope first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q


@dataclass(frozen=True, slots=True)
class Scope:
    """The visible inboxes (by primary key); None: all of them.

    reader: the user who reads, by primary key. Read marks and assignments depend on the
    user. None: no particular user
    """

    inboxes: frozenset[int] | None = None
    reader: int | None = None

    def allows(self, inbox_id: int | None) -> bool:
        """Whether the objects of this inbox are visible; None stands for no single inbox."""
        return self.inboxes is None or inbox_id in self.inboxes

    def q(self, field: str = "inbox_id") -> Q:
        """Return the condition that restricts a query to the scope."""
        return Q() if self.inboxes is None else Q(**{f"{field}__in": self.inboxes})


ALL = Scope()
