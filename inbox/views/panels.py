"""The tabs of a letter: which there are, and what each one's panel is rendered with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inbox.services import inboxes
from inbox.views import transcript
from inbox.views.letters import Letter
from mailsink.mime import bodies, headers
from mailsink.text import pictured

SHOWN = 256 * 1024  # octets of source, or characters of text, in a page
FIELDS_SHOWN = 500
PARTS_SHOWN = 500

_LABELS = {
    "html": "HTML",
    "text": "Text",
    "source": "Source",
    "headers": "Headers",
    "parts": "Parts",
    "transcript": "Transcript",
    "findings": "Findings",
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
    keys = [*html, "text", "source", "headers", "parts", "transcript"]
    count = len(letter.parsed.parts)
    tabs = [_tab(key, count if key == "parts" and count > 1 else None) for key in keys]
    return [*tabs, _tab("findings", _findings_count(letter))]


def choose(tabs: Sequence[Tab], key: str) -> tuple[list[Tab], str]:
    """Return the tabs with one chosen, and its key: the first if there is no such one."""
    chosen = key if any(tab.key == key for tab in tabs) else tabs[0].key
    return [replace(tab, chosen=tab.key == chosen) for tab in tabs], chosen


def panel(letter: Letter, key: str) -> dict[str, object]:
    """Return the template of a tab's panel, and what it is rendered with."""
    return {"panel": f"message/_{key}.html", "tab": key, **_FILL[key](letter)}


def _tab(key: str, count: int | None = None) -> Tab:
    return Tab(key, _LABELS[key], count)


def _findings_count(letter: Letter) -> int | None:
    return len(letter.report.counted) or None


def _html(letter: Letter) -> dict[str, object]:
    return {"frame_url": f"{letter.url}/frame"}


def _text(letter: Letter) -> dict[str, object]:
    text = bodies.text(letter.octets, letter.parsed)
    html = None if text else bodies.html(letter.octets, letter.parsed)
    shown = bodies.html_to_text(html) if html else text or ""
    cut = len(shown) > SHOWN
    return {"text": shown[:SHOWN], "from_html": html, "cut": cut, "shown": SHOWN}


def _source(letter: Letter) -> dict[str, object]:
    cut = len(letter.octets) > SHOWN
    return {"source": pictured(letter.octets[:SHOWN]), "cut": cut, "shown": SHOWN}


def _headers(letter: Letter) -> dict[str, object]:
    block = headers.scan(letter.octets)
    return {
        "fields": block.fields[:FIELDS_SHOWN],
        "more": max(0, len(block.fields) - FIELDS_SHOWN),
        "raw": pictured(letter.octets[: min(block.body, SHOWN)]).rstrip("\n"),
    }


def _parts(letter: Letter) -> dict[str, object]:
    parts = letter.parsed.parts
    return {"parts": parts[:PARTS_SHOWN], "more": max(0, len(parts) - PARTS_SHOWN)}


def _transcript(letter: Letter) -> dict[str, object]:
    return {**transcript.rendered(letter.exchanges), "links": {}}  # bodies open here


def _findings(letter: Letter) -> dict[str, object]:
    return {
        "report": letter.report,
        "session": letter.session,
        "inbox": inboxes.slug(letter.session.inbox_id),
        "back": f"{letter.url}?tab=findings",
        "nothing": "No findings in this message and its lines.",
    }


_FILL = {
    "html": _html,
    "text": _text,
    "source": _source,
    "headers": _headers,
    "parts": _parts,
    "transcript": _transcript,
    "findings": _findings,
}
