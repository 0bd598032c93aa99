"""The panels of sources: a message as sent, and its HTML, with numbered lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

from inbox.presenters.message_page import MessagePage
from mailsink.mime import sources
from mailsink.text import pictured

SHOWN = 256 * 1024  # octets of source, or characters of HTML, on a page
LINES_SHOWN = 10_000


@dataclass(frozen=True, slots=True)
class Window:
    """The octets of a source that a page shows; before, after: the starts of other pages."""

    start: int
    end: int
    first_line: int
    before: int | None
    after: int | None


def raw(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    """Return the context of the source. asked: `from` in octets, or `line`"""
    octets = mail.octets
    window = _window(octets, _start(octets, asked))
    # A final line end ends the last line, without beginning another one.
    shown = octets[window.start : window.end].removesuffix(b"\n").removesuffix(b"\r")
    kinds = _Kinds(mail)
    at = window.start
    rows = []
    for line in shown.split(b"\n"):
        rows.append(_spans(kinds.of(at, line), line))
        at += len(line) + 1
    return {
        "rows": _rows(rows, window.first_line),
        "window": window,
        "total": len(octets),
        "part": window.before is not None or window.after is not None,
    }


def markup(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    """Return the context of the HTML source. asked: `format` is sent or tidy"""
    html = mail.reading.markup
    tidy = asked.get("format") != "sent"
    lines = sources.lines(html[:SHOWN], tidy)
    if tidy:
        lines = [line for line in lines if any(text.strip() for _, text in line)]
    return {
        "rows": _rows(map(_coloured, lines[:LINES_SHOWN])),
        "tidy": tidy,
        "cut": len(html) > SHOWN or len(lines) > LINES_SHOWN,
        "shown": SHOWN,
        "html_url": reverse("api-v3:messages_html", args=[mail.id])
        if mail.message
        else "",
    }


def _rows(lines: Iterable[str], first: int = 1) -> SafeString:
    """Return lines as rows, each escaped; their numbers are not copied with the text."""
    return SafeString(
        "".join(
            f'<span class="l" data-n="{number}">{line}\n</span>'
            for number, line in enumerate(lines, first)
        )
    )


def _coloured(line: Iterable[sources.SourcePiece]) -> str:
    return "".join(_piece(kind, pictured(text.encode())) for kind, text in line)


def _piece(kind: str, text: str) -> str:
    return f'<span class="{kind}">{escape(text)}</span>' if kind else escape(text)


def _start(octets: bytes, asked: QueryDict) -> int:
    """Return the octet at which a page begins: that of a line, or a given one."""
    line, start = _number(asked.get("line")), _number(asked.get("from"))
    if line is not None:
        start = 0
        for _ in range(min(line, 10_000_000) - 1):
            found = octets.find(b"\n", start)
            if found < 0:
                break
            start = found + 1
        return start
    return min(start or 0, max(0, len(octets) - 1))


def _number(text: str | None) -> int | None:
    return (
        int(text)
        if text and text.isascii() and text.isdigit() and len(text) < 12
        else None
    )


def _window(octets: bytes, start: int) -> Window:
    start = octets.rfind(b"\n", 0, start) + 1 if start - octets.rfind(b"\n", 0, start) < SHOWN else start  # fmt: skip
    end = min(len(octets), start + SHOWN)
    # A page ends at a line end, unless the line is very long.
    last = octets.rfind(b"\n", start + SHOWN // 2, end)
    if end < len(octets) and last > 0:
        end = last + 1
    end = _nth_line_end(octets, start, end)
    before = max(0, start - SHOWN) if start else None
    after = end if end < len(octets) else None
    return Window(start, end, octets.count(b"\n", 0, start) + 1, before, after)


def _nth_line_end(octets: bytes, start: int, end: int) -> int:
    """Return the end of the last line that may be shown: lines can be very short."""
    if octets.count(b"\n", start, end) <= LINES_SHOWN:
        return end
    at = start
    for _ in range(LINES_SHOWN):
        at = octets.find(b"\n", at) + 1
    return at


class _Kinds:
    """Separates header lines and boundaries from the bodies of a message."""

    def __init__(self, mail: MessagePage) -> None:
        # without parts of a message in base64, which are not in the source
        parts = [part for part in mail.parsed.parts if part.source is None]
        self.starts = [part.header_start for part in parts]
        self.ends = [part.body_start for part in parts]
        boundaries = (part.parameters.get("boundary", "") for part in parts)
        self.boundaries = {each.encode() for each in boundaries if each}

    def of(self, at: int, line: bytes) -> str:
        """Return "head", "boundary" or "" for the line that begins at an octet."""
        if line.startswith(b"--"):
            name = line[2:].rstrip()
            if name in self.boundaries or name.removesuffix(b"--") in self.boundaries:
                return "boundary"
        index = bisect_right(self.starts, at) - 1
        return "head" if index >= 0 and at < self.ends[index] else ""


def _spans(kind: str, line: bytes) -> str:
    text = pictured(line.removesuffix(b"\r"))
    name, colon, value = text.partition(":")
    if kind == "head" and colon and " " not in name and not text[:1].isspace():
        return f'<span class="name">{escape(name)}</span>:{escape(value)}'
    return _piece(kind, text)
