"""The tabs of a message: which there are, and what each one's panel is rendered with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.content import fields, invitations
from inbox.mailbox import inboxes
from inbox.presenters import (
    attached,
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

SHOWN = 256 * 1024  # characters of text, or octets of a header, in a page
FIELDS_SHOWN = 500

_LABELS = {
    "html": gettext_noop("HTML"),
    "text": gettext_noop("Text"),
    "markup": gettext_noop("HTML source"),
    "source": gettext_noop("Source"),
    "headers": gettext_noop("Headers"),
    "parts": gettext_noop("Parts"),
    "transcript": gettext_noop("Transcript"),
    "links": gettext_noop("Links"),
    "checks": gettext_noop("Checks"),
    "findings": gettext_noop("Findings"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: str
    count: int | None = None
    chosen: bool = False


def keys(mail: MessagePage) -> list[str]:
    """Return the keys of a message's tabs: what it has no octets for has none."""
    if not mail.octets:
        return ["transcript", "findings"]
    html = bool(mail.reading.choice.html)
    keys = ["html", "text", "markup"] if html else ["text"]
    keys += ["source", "headers", "parts", "transcript", "links", "checks"]
    return [*keys, "findings"]


def choose(keys: Sequence[str], *wanted: str) -> str:
    """Return the first wanted key that is among the keys, else the first of these."""
    return next((key for key in wanted if key in keys), keys[0])


def tabs(mail: MessagePage, keys: Sequence[str], chosen: str) -> list[Tab]:
    """Return the tabs of these keys."""
    counts = {"findings": len(mail.report.counted) or None}
    if (parts := len(mail.parsed.parts)) > 1:
        counts["parts"] = parts
    return [Tab(key, _(_LABELS[key]), counts.get(key), key == chosen) for key in keys]


def panel(mail: MessagePage, key: str, asked: QueryDict) -> dict[str, object]:
    """Return the template of a tab's panel, and what it is rendered with.

    asked: the query of the page, for what a panel can be shown otherwise by.
    """
    return {"panel": f"message/_{key}.html", "tab": key, **_FILL[key](mail, asked)}


def _html(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    return {
        **framed.view(mail, asked),
        **attached.view(mail),
        "invitation": invitations.of(mail.reading),
    }


def _text(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    text = mail.text
    return {
        "pieces": list(linked.pieces(text[:SHOWN])),
        "from_html": mail.reading.is_text_made,
        "cut": len(text) > SHOWN,
        "shown": SHOWN,
        "invitation": invitations.of(mail.reading),
        "is_calendar": mail.parsed.root.content_type in invitations.TYPES,
        **attached.view(mail),
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


def _transcript(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    return {**transcript.rendered(mail.exchanges), "links": {}}  # bodies open here


def _checks(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    return checks.rendered(mail)


def _findings(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    return {
        "report": mail.report,
        "session": mail.session,
        "inbox": inboxes.slug(mail.session.inbox_id),
        "back": f"{mail.url}?tab=findings",
        "nothing": _("No findings in this message and its lines."),
    }


def _links(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    return linked.view(mail)


_FILL: dict[str, Callable[[MessagePage, QueryDict], dict[str, object]]] = {
    "html": _html,
    "text": _text,
    "markup": source.markup,
    "source": source.raw,
    "headers": _headers,
    "parts": parts.view,
    "transcript": _transcript,
    "links": _links,
    "checks": _checks,
    "findings": _findings,
}
