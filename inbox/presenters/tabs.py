"""The tabs of a message, the views of each, and the context of a view's panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.content import fields, invitations
from inbox.explain.quantities import counted
from inbox.mailbox import inboxes
from inbox.presenters import (
    checks,
    framed,
    linked,
    parts,
    source,
    transcript,
)
from inbox.presenters.message_page import MessagePage
from mailsink.mime import headers
from mailsink.text import pictured

SHOWN = 256 * 1024  # characters of text, or octets of a header, on a page
FIELDS_SHOWN = 500

# The tabs, and the views of each: the first available view is shown.
_TABS: dict[str, tuple[str, ...]] = {
    "preview": ("html", "text"),
    "source": ("source", "markup"),
    "headers": ("headers",),
    "parts": ("parts",),
    "checks": ("checks", "links"),
    "smtp": ("smtp",),
}
_LABELS = {
    "preview": gettext_noop("Preview"),
    "source": gettext_noop("Source"),
    "headers": gettext_noop("Headers"),
    "parts": gettext_noop("Parts"),
    "checks": gettext_noop("Checks"),
    "smtp": gettext_noop("SMTP"),
}
_VIEW_LABELS = {
    "html": gettext_noop("HTML"),
    "text": gettext_noop("Text"),
    "source": gettext_noop("Raw"),
    "markup": gettext_noop("HTML"),
    "checks": gettext_noop("Checks"),
    "links": gettext_noop("Links"),
}
_TAB_OF = {view: tab for tab, views in _TABS.items() for view in views}
# views that formerly were tabs
_FORMER = {
    "transcript": "smtp",
    "findings": "smtp",
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab. tone: error or warning, for its count"""

    key: str
    label: str
    url: str
    chosen: bool
    count: int | None = None
    tone: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class ViewChoice:
    """A view of a tab that has several."""

    label: str
    url: str
    chosen: bool


def views(mail: MessagePage) -> list[str]:
    """Return the available views of a message: a view needs octets to show."""
    if not mail.octets:
        return ["smtp"]
    without = () if mail.reading.choice.html else ("html", "markup")
    return [view for view in _TAB_OF if view not in without]


def choose(available: Sequence[str], *wanted: str) -> str:
    """Return the first wanted view that is available, or else the first view.

    wanted: views or tabs; a tab, or a missing view, stands for the first view of its
    tab
    """
    for each in wanted:
        name = _FORMER.get(each, each)
        tab = _TAB_OF.get(name, name)
        found = [view for view in _TABS.get(tab, ()) if view in available]
        if found:
            return name if name in found else found[0]
    return available[0]


def tabs(mail: MessagePage, available: Sequence[str], chosen: str) -> list[Tab]:
    """Return the tabs of these views."""
    keys = dict.fromkeys(_TAB_OF[view] for view in available)
    counts = {"smtp": _findings_count(mail)}
    if mail.octets:
        leaves = sum(1 for each in mail.parsed.parts if not each.children)
        counts["parts"] = (leaves if leaves > 1 else None, "", "")
    return [
        Tab(
            key,
            _(_LABELS[key]),
            f"{mail.url}?tab={key}",
            key == _TAB_OF[chosen],
            *counts.get(key, ()),
        )
        for key in keys
    ]


def _findings_count(mail: MessagePage) -> tuple[int | None, str, str]:
    found = mail.report.counted
    if not found:
        return None, "", ""
    grave = any(each.severity == "error" for each in found)
    return len(found), "error" if grave else "warning", counted(len(found), "finding")


def panel(
    mail: MessagePage, available: Sequence[str], view: str, asked: QueryDict
) -> dict[str, object]:
    """Return the template of a view's panel, and its context.

    asked: the query of the page, with the options of a panel.
    """
    tab = _TAB_OF[view]
    of_tab = [each for each in _TABS[tab] if each in available]
    choices = [
        ViewChoice(_(_VIEW_LABELS[each]), f"{mail.url}?tab={each}", each == view)
        for each in of_tab
        if len(of_tab) > 1
    ]
    context: dict[str, object] = {"tab": tab, "view": view, "views": choices}
    return {**context, "panel": f"message/_{view}.html", **_FILL[view](mail, asked)}


def _html(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    return framed.view(mail, asked)


def _text(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    text = mail.text
    is_calendar = mail.parsed.root.content_type in invitations.TYPES
    return {
        "pieces": list(linked.pieces(text[:SHOWN])),
        "from_html": mail.reading.is_text_made,
        "cut": len(text) > SHOWN,
        "shown": SHOWN,
        "invitation": invitations.of(mail.reading) if is_calendar else None,
    }


def _headers(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    block = headers.scan(mail.octets)
    wanted = asked.get("filter", "")[:200]
    rows = fields.rows(block.fields[:FIELDS_SHOWN], wanted)
    return {
        "rows": rows,
        "wanted": wanted,
        "hops": fields.hops(block.fields),
        "more": max(0, len(block.fields) - FIELDS_SHOWN),
        "raw": pictured(mail.octets[: min(block.body, SHOWN)]).rstrip("\n"),
    }


def _checks(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    return checks.rendered(mail)


def _smtp(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    return {
        **transcript.rendered(mail.exchanges),
        "links": {},  # bodies open here
        "report": mail.report,
        "session": mail.session,
        "is_shared": not mail.scope.allows(mail.session.inbox_id),
        "inbox": inboxes.slug(mail.session.inbox_id),
        "back": f"{mail.url}?tab=smtp",
        "nothing": _("No findings in this message and its lines."),
    }


def _links(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    return linked.view(mail)


_FILL: dict[str, Callable[[MessagePage, QueryDict], dict[str, object]]] = {
    "html": _html,
    "text": _text,
    "source": source.raw,
    "markup": source.markup,
    "headers": _headers,
    "parts": parts.view,
    "checks": _checks,
    "links": _links,
    "smtp": _smtp,
}
