"""The tabs of a letter: which there are, and what each one's panel is rendered with."""

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
from inbox.presenters.letters import Letter
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


def keys(letter: Letter) -> list[str]:
    """Return the keys of a letter's tabs: what it has no octets for has none."""
    if not letter.octets:
        return ["transcript", "findings"]
    html = bool(letter.reading.choice.html)
    keys = ["html", "text", "markup"] if html else ["text"]
    keys += ["source", "headers", "parts", "transcript", "links", "checks"]
    return [*keys, "findings"]


def choose(keys: Sequence[str], *wanted: str) -> str:
    """Return the first wanted key that is among the keys, else the first of these."""
    return next((key for key in wanted if key in keys), keys[0])


def tabs(letter: Letter, keys: Sequence[str], chosen: str) -> list[Tab]:
    """Return the tabs of these keys."""
    counts = {"findings": len(letter.report.counted) or None}
    if (parts := len(letter.parsed.parts)) > 1:
        counts["parts"] = parts
    return [Tab(key, _(_LABELS[key]), counts.get(key), key == chosen) for key in keys]


def panel(letter: Letter, key: str, asked: QueryDict) -> dict[str, object]:
    """Return the template of a tab's panel, and what it is rendered with.

    asked: the query of the page, for what a panel can be shown otherwise by.
    """
    return {"panel": f"message/_{key}.html", "tab": key, **_FILL[key](letter, asked)}


def _html(letter: Letter, asked: QueryDict) -> dict[str, object]:
    return {
        **framed.view(letter, asked),
        **attached.view(letter),
        "invitation": invitations.of(letter.reading),
    }


def _text(letter: Letter, asked: QueryDict) -> dict[str, object]:
    text = letter.text
    return {
        "pieces": list(linked.pieces(text[:SHOWN])),
        "from_html": letter.reading.is_text_made,
        "cut": len(text) > SHOWN,
        "shown": SHOWN,
        "invitation": invitations.of(letter.reading),
        "is_calendar": letter.parsed.root.content_type in invitations.TYPES,
        **attached.view(letter),
    }


def _headers(letter: Letter, asked: QueryDict) -> dict[str, object]:
    block = headers.scan(letter.octets)
    wanted = asked.get("filter", "")[:200]
    rows = fields.rows(block.fields[:FIELDS_SHOWN], wanted)
    return {
        "rows": rows,
        "wanted": wanted,
        "hops": fields.hops(block.fields),
        "more": max(0, len(block.fields) - FIELDS_SHOWN),
        "raw": pictured(letter.octets[: min(block.body, SHOWN)]).rstrip("\n"),
    }


def _transcript(letter: Letter, asked: QueryDict) -> dict[str, object]:
    return {**transcript.rendered(letter.exchanges), "links": {}}  # bodies open here


def _checks(letter: Letter, asked: QueryDict) -> dict[str, object]:
    return checks.rendered(letter)


def _findings(letter: Letter, asked: QueryDict) -> dict[str, object]:
    return {
        "report": letter.report,
        "session": letter.session,
        "inbox": inboxes.slug(letter.session.inbox_id),
        "back": f"{letter.url}?tab=findings",
        "nothing": _("No findings in this message and its lines."),
    }


def _links(letter: Letter, asked: QueryDict) -> dict[str, object]:
    return linked.view(letter)


_FILL: dict[str, Callable[[Letter, QueryDict], dict[str, object]]] = {
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
