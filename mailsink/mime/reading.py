"""A message as email clients show it: its HTML, text, snippet and attachments.

All of them come from one choice of parts (see choice.py). Never raises; linear time.
"""

from __future__ import annotations

import html
import re
from functools import cached_property

from mailsink.mime import bodies, calendars, charsets, choice, markup, related
from mailsink.mime.choice import Choice, is_html
from mailsink.mime.structure import Part, Structure

SNIPPET_LENGTH = 200  # characters
_BEGINNING = 1000  # octets of HTML that are searched for the document type
_SNIPPET_OCTETS = 128 * 1024  # of each part of the body, as the source of a snippet
# The characters with which newsletters pad their preview text: direction marks,
# joiners, soft hyphens, fillers. A single one may belong to a word, such as a joiner in
# Persian.
_PADDING = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0"
)
_GAP = re.compile(rf"[\s{_PADDING}]{{2,}}|\s")
_ENDS = re.compile(rf"\A[\s{_PADDING}]+|[\s{_PADDING}]\Z")
_DOCTYPE = re.compile(r"\s*+<!doctype[^>]*+>", re.IGNORECASE)
# Text among HTML keeps its line breaks and its own direction
_TEXT = '<div dir="auto" style="white-space:pre-wrap;unicode-bidi:plaintext">{}</div>'


class Reading:
    """A message's octets with their structure, read only as far as needed."""

    def __init__(self, octets: bytes, structure: Structure) -> None:
        self.octets = octets
        self.structure = structure
        self._last: tuple[Part, str] | None = None  # the last part read, and its text

    @cached_property
    def choice(self) -> Choice:
        """The choice of parts."""
        return choice.choose(self.octets, self.structure)

    @cached_property
    def html(self) -> str:
        """The body as HTML, text among it rendered; "" if there is no HTML."""
        pieces = [
            self._text_of(part) if is_html(part) else _as_html(self._text_of(part))
            for part in self.choice.html
        ]
        doctype = ""
        if pieces and not is_html(self.choice.html[0]):
            # Without a leading doctype, browsers would use quirks mode.
            first = next(filter(is_html, self.choice.html))
            found = _DOCTYPE.match(bodies.beginning_of(self.octets, first, _BEGINNING))
            doctype = found[0].strip() if found else ""
        return doctype + "\n".join(pieces)

    @cached_property
    def markup(self) -> str:
        """The HTML of the body as sent, without the text among it."""
        return "\n".join(self._text_of(each) for each in self.html_parts)

    @cached_property
    def text(self) -> str:
        """The body as plain text, made from HTML if there is no other."""
        return "\n".join(map(self._as_text, self.choice.text))

    def text_up_to(self, length: int) -> str:
        """Return the first characters of the plain text, and read little more."""
        found = ""
        for part in self.choice.text:
            text = self._text_of(part)
            if is_html(part):
                text = markup.to_text(text[: 4 * length])
            found += text[: length - len(found)] + "\n"
            if len(found) >= length:
                break
        return found[:length].rstrip()

    @property
    def html_parts(self) -> list[Part]:
        """The HTML of the body."""
        return [each for each in self.choice.html if is_html(each)]

    @property
    def is_text_made(self) -> bool:
        """Whether some or all of the plain text is made from HTML."""
        return any(map(is_html, self.choice.text))

    @cached_property
    def text_beside_html(self) -> str:
        """The plain text that the HTML view shows among the HTML."""
        texts = [each for each in self.choice.html if not is_html(each)]
        return "\n".join(map(self._text_of, texts))

    @cached_property
    def shown(self) -> frozenset[int]:
        """The indexes of the parts that the HTML shows inline."""
        files = self.choice.files
        if not self.html_parts or not any(map(related.is_named, files)):
            return frozenset()
        parts = related.Related(self.octets, self.structure, self.html_parts)
        return parts.shown_by(self.markup)

    @cached_property
    def attachments(self) -> list[Part]:
        """The parts that email clients list as attachments, enclosed messages included.

        These are the files that the HTML does not show, and the parts that are declared
        as attachments (RFC 2183 §2.2).
        """
        return [
            each
            for each in self.choice.files
            if each.index not in self.shown or each.disposition == "attachment"
        ]

    @property
    def snippet(self) -> str:
        """The beginning of the message's text, on one line; "" if it is empty."""
        found = ""
        for part in self.choice.text:
            found = f"{found} {_closed_up(self._beginning_of(part))}".strip()
            if len(found) >= SNIPPET_LENGTH:
                break
        return charsets.line(found[:SNIPPET_LENGTH]).strip()

    def _beginning_of(self, part: Part) -> str:
        """Return the source of a snippet; for an invitation, the event."""
        if part.content_type == "text/calendar" and part.size <= _SNIPPET_OCTETS:
            octets = bodies.decode(self.octets, part)
            events = calendars.read(octets, part.charset).events
            return "; ".join(each.summary for each in events)
        if part.size <= _SNIPPET_OCTETS:
            text = self._text_of(part)
        else:
            text = bodies.beginning_of(self.octets, part, _SNIPPET_OCTETS)
        return markup.to_text(text) if is_html(part) else text

    def _text_of(self, part: Part) -> str:
        """Return the text of a part.

        The last one is cached, as a snippet uses it too.
        """
        if self._last is None or self._last[0] is not part:
            self._last = part, bodies.text_of(self.octets, part)
        return self._last[1]

    def _as_text(self, part: Part) -> str:
        text = self._text_of(part)
        return markup.to_text(text) if is_html(part) else text


def _closed_up(text: str) -> str:
    """Return text on one line, with a space for each gap and none at its ends."""
    if text.isascii():  # without padding: a tenth of the time
        return " ".join(text.split())
    return _ENDS.sub("", _GAP.sub(" ", text))


def _as_html(text: str) -> str:
    return _TEXT.format(html.escape(text, quote=False))
