"""The links of the side bar, and the one that is the current page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox import pages
from inbox.access import accounts
from inbox.access.current import identity
from inbox.access.roles import Role


@dataclass(frozen=True, slots=True)
class Place:
    """A link of the side bar. count: the name of its count; "" for none"""

    icon: str
    label: str
    url: str
    current: bool
    count: str = ""
    query: str = ""


def lists(section: str, query: str, show: str, mine: str) -> list[Place]:
    """Return the lists of mail. mine: the query for one's own; "" for none"""
    here = section == "inbox"
    failed = here and not query and show == "failed"
    unread = "is:unread"
    inbox = here and not query and not failed
    found = [
        Place("inbox", _("Inbox"), pages.path("inbox"), inbox, "messages"),
        Place("mail", _("Unread"), pages.path("inbox", q=unread), here and query == unread, "unread"),
        Place("circle-x", _("Failed"), pages.path("inbox", show="failed"), failed, "failed"),
    ]  # fmt: skip
    if mine:
        current = here and query == mine
        url = pages.path("inbox", q=mine)
        found.append(Place("user", _("Mine"), url, current, "mine", mine))
    return found


def inbox_lists(
    names: Sequence[tuple[str, str]], section: str, query: str
) -> list[Place]:
    """Return the mail of each inbox, if there are several. names: (slug, name)"""
    if len(names) < 2:
        return []
    found = []
    for slug, name in names:
        wanted = f"inbox:{slug}"
        current = section == "inbox" and query == wanted
        found.append(Place("inbox", name, pages.path("inbox", q=wanted), current))
    return found


def tools(section: str) -> list[Place]:
    """Return the other pages."""
    found = [
        Place("activity", _("Sessions"), pages.path("sessions"), section == "sessions", "sessions"),
        Place("send", _("Outgoing"), pages.path("outgoing"), section == "outgoing"),
        Place("inbox", _("Inboxes"), pages.path("mail-inboxes"), section == "inboxes"),
        Place("webhook", _("Webhooks"), pages.path("webhooks"), section == "webhooks"),
        Place("circle-alert", _("Rules"), pages.path("rules"), section == "rules"),
        Place("trash-2", _("Trash"), pages.path("trash"), section == "trash"),
        Place("link", _("Share links"), pages.path("shares"), section == "shares"),
        Place("plug", _("Connect an app"), pages.path("nothing-arriving"), section == "connect"),
        Place("sliders-horizontal", _("Settings"), pages.path("settings"), section == "settings"),
    ]  # fmt: skip
    return found + of_accounts(section)


def of_accounts(section: str) -> list[Place]:
    """Return the pages for accounts that the user can open."""
    if not accounts.are_on():
        return []
    current = section == "tokens"
    found = [Place("key-round", _("API tokens"), pages.path("tokens"), current)]
    if identity().rank >= Role.MANAGER:
        at = section == "audit"
        found.append(Place("table", _("Audit log"), pages.path("audit"), at))
    if identity().is_administrator:
        at = section == "users"
        found.append(Place("user", _("Users and groups"), pages.path("users"), at))
    return found
