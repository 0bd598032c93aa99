"""The inbox of a page: `inbox` in its URL, if there are several."""

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

    slug: "" if there are no others. query: for the links of the page: "?inbox=shop", or
    "". others: (slug, name) of all choices, including this one; empty if it is the only
    one
    """

    name: str
    slug: str
    query: str
    others: list[tuple[str, str]]

    @property
    def more(self) -> str:
        """The beginning of a query with further parameters: "?inbox=shop&", or "?"."""
        return f"{self.query}&" if self.query else "?"


def chosen(request: HttpRequest) -> Inbox:
    """Return the inbox that the URL names, or else the default one. Raises NotFound."""
    if asked := request.GET.get("inbox", ""):
        return inboxes.by_slug(scope(), asked)
    return inboxes.usual(scope())


def choice(inbox: Inbox) -> InboxChoice:
    """Return the choice of inboxes for a page about one of them."""
    others = inboxes.names(scope())
    if len(others) < 2:
        return InboxChoice(inbox.name, "", "", [])
    this = (inbox.slug, inbox.name)
    if this not in others:
        others.append(this)
    return InboxChoice(inbox.name, inbox.slug, f"?inbox={inbox.slug}", others)


def kept(request: HttpRequest) -> str:
    """Return the slug in the URL, for the next URL; "" for none."""
    return request.GET.get("inbox", "")


def is_managed(inbox: Inbox) -> bool:
    """Whether the caller may change the replies of an inbox."""
    return identity().may(Role.MANAGER, inbox.pk)
