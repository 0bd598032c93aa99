"""The inbox that a page is about: `inbox` in its address, where there are several."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from inbox.access.current import identity, scope
from inbox.access.roles import Role
from inbox.mailbox import inboxes
from inbox.models import Inbox


@dataclass(frozen=True, slots=True)
class InboxChoice:
    """The inbox that a page shows, and the others that it could show.

    slug: "" where there are no others
    query: of the addresses that the page leads to: "?inbox=shop", or ""
    others: (slug, name) of all that may be chosen, this one too; none, where it is alone
    """

    name: str
    slug: str
    query: str
    others: list[tuple[str, str]]

    @property
    def more(self) -> str:
        """The beginning of a query that has something else, too: "?inbox=shop&", or "?"."""
        return f"{self.query}&" if self.query else "?"


def chosen(request: HttpRequest) -> Inbox:
    """Return the inbox that the address names, else the usual one. Raises NotFound."""
    if asked := request.GET.get("inbox", ""):
        return inboxes.by_slug(scope(), asked)
    return inboxes.usual(scope())


def choice(inbox: Inbox) -> InboxChoice:
    """Return what a page says of the inbox that it is about."""
    others = inboxes.names(scope())
    if len(others) < 2:
        return InboxChoice(inbox.name, "", "", [])
    this = (inbox.slug, inbox.name)
    if this not in others:
        others.append(this)
    return InboxChoice(inbox.name, inbox.slug, f"?inbox={inbox.slug}", others)


def kept(request: HttpRequest) -> str:
    """Return the slug that the address names, for the next address; "" for none."""
    return request.GET.get("inbox", "")


def is_managed(inbox: Inbox) -> bool:
    """Whether the caller may change how an inbox answers."""
    return identity().may(Role.MANAGER, inbox.pk)
