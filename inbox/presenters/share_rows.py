"""Share links, for their page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from inbox import pages
from inbox.access import share_links
from inbox.access.identity import Identity
from inbox.mailbox import inboxes, messages
from inbox.models import ShareLink
from inbox.presenters.token_rows import ScopeChoice, after_days

_DAYS = ("1", "7", "30", "90")


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A link in the list. user: "" for the reader's own; inbox: its slug, or """ ""

    id: str
    title: str
    url: str
    user: str
    state: str
    is_live: bool
    inbox: str
    expires_at: datetime


def rows(links: Sequence[ShareLink], reader: Identity) -> list[ShareRow]:
    """Return links for their rows."""
    ids = [each.object_id for each in links if each.kind == "message"]
    subjects = {
        each.pk: each.subject or _("(no subject)")
        for each in messages.by_ids(reader.scope, ids)
    }
    return [_row(each, subjects.get(each.object_id, ""), reader) for each in links]


def lifetimes(chosen: str) -> list[ScopeChoice]:
    """Return the possible lifetimes of a link."""
    return [ScopeChoice(each, after_days(int(each)), each == chosen) for each in _DAYS]


def _row(link: ShareLink, subject: str, reader: Identity) -> ShareRow:
    is_live = share_links.is_live(link)
    other = link.user is not None and link.user_id != reader.user
    name = _("Session") if link.kind == "session" else _("Message")
    return ShareRow(
        id=str(link.pk),
        title=subject or f"{name} {link.object_id}",
        url=pages.path(link.kind, link.object_id),
        user=link.user.get_username() if link.user and other else "",
        state=_state(link, is_live),
        is_live=is_live,
        inbox=inboxes.slug(link.inbox_id) or "",
        expires_at=link.expires_at,
    )


def _state(link: ShareLink, is_live: bool) -> str:
    if link.revoked_at:
        return _("Revoked")
    return _("Valid") if is_live else _("Ended")
