"""The tabs of a letter: which there are, and what each one's panel is rendered with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.services import inboxes
from inbox.views import checks, framed, linked, transcript
from inbox.views.letters import Letter
from mailsink.mime import bodies, headers
from mailsink.text import pictured

SHOWN = 256 * 1024  # octets of source, or characters of text, in a page
FIELDS_SHOWN = 500
PARTS_SHOWN = 500

_LABELS = {
    "html": gettext_noop("HTML"),
    "text": gettext_noop("Text"),
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


def tabs(letter: Letter) -> list[Tab]:
    """Return the tabs of a letter: what it has no octets for has none."""
    if not letter.octets:
        return [_tab("transcript"), _tab("findings", _findings_count(letter))]
    html = ["html"] if bodies.html(letter.octets, letter.parsed) else []
    keys = [
        *html,
        "text",
        "source",
        "headers",
        "parts",
        "transcript",
        "links",
        "checks",
    ]
    count = len(letter.parsed.parts)
    tabs = [_tab(key, count if key == "parts" and count > 1 else None) for key in keys]
    return [*tabs, _tab("findings", _findings_count(letter))]


def choose(tabs: Sequence[Tab], *keys: str) -> tuple[list[Tab], str]:
    """Return the tabs with one chosen, and its key.

    That is the first of the keys that is a tab's, else the first tab.
    """
    known = {tab.key for tab in tabs}
    chosen = next((key for key in keys if key in known), tabs[0].key)
    return [replace(tab, chosen=tab.key == chosen) for tab in tabs], chosen


def panel(letter: Letter, key: str, asked: QueryDict) -> dict[str, object]:
    """Return the template of a tab's panel, and what it is rendered with.

    asked: the query of the page, for what a panel can be shown otherwise by.
    """
    return {"panel": f"message/_{key}.html", "tab": key, **_FILL[key](letter, asked)}


def _tab(key: str, count: int | None = None) -> Tab:
    return Tab(key, _(_LABELS[key]), count)


def _findings_count(letter: Letter) -> int | None:
    return len(letter.report.counted) or None


def _html(letter: Letter, asked: QueryDict) -> dict[str, object]:
    return framed.view(letter, asked)


def _text(letter: Letter, asked: QueryDict) -> dict[str, object]:
    text = bodies.text(letter.octets, letter.parsed)
    html = None if text else bodies.html(letter.octets, letter.parsed)
    shown = bodies.html_to_text(html) if html else text or ""
    cut = len(shown) > SHOWN
    return {"text": shown[:SHOWN], "from_html": html, "cut": cut, "shown": SHOWN}


def _source(letter: Letter, asked: QueryDict) -> dict[str, object]:
    cut = len(letter.octets) > SHOWN
    return {"source": pictured(letter.octets[:SHOWN]), "cut": cut, "shown": SHOWN}


def _headers(letter: Letter, asked: QueryDict) -> dict[str, object]:
    block = headers.scan(letter.octets)
    return {
        "fields": block.fields[:FIELDS_SHOWN],
        "more": max(0, len(block.fields) - FIELDS_SHOWN),
        "raw": pictured(letter.octets[: min(block.body, SHOWN)]).rstrip("\n"),
    }


def _parts(letter: Letter, asked: QueryDict) -> dict[str, object]:
    parts = letter.parsed.parts
    return {"parts": parts[:PARTS_SHOWN], "more": max(0, len(parts) - PARTS_SHOWN)}


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
        "nothing": "No findings in this message and its lines.",
    }


def _links(letter: Letter, asked: QueryDict) -> dict[str, object]:
    return linked.view(letter)


_FILL: dict[str, Callable[[Letter, QueryDict], dict[str, object]]] = {
    "html": _html,
    "text": _text,
    "source": _source,
    "headers": _headers,
    "parts": _parts,
    "transcript": _transcript,
    "links": _links,
    "checks": _checks,
    "findings": _findings,
}
