"""HTML for the sandboxed frame: inline images resolved, network access disarmed.

The frame's sandbox and Content-Security-Policy protect the reader, so all other HTML of
the mail stays as sent. Never raises; linear time. CSS is not parsed (tinycss2 does not
show where a url() ends): only the URLs of parts are replaced.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from mailsink.mime import charsets, markup
from mailsink.mime.markup import MAX_LENGTH

MOST_REFERENCES = 10_000
BASE = '<base target="_blank">'
_CUT = "<p>The rest of this HTML is not shown here: it has {} characters in all.</p>"
_MANY = (
    f"<p>Only the first {MOST_REFERENCES:,} pictures of this HTML are shown here.</p>"
)

# Browsers look up, and connect to, the hosts that these elements name, although the
# policy forbids loading from them: it does not cover hints and frames.
_REACHING = re.compile(
    r"<(/?)(link|base|meta|embed|frame|iframe|object|portal|fencedframe)"
    r"(?=[\t\n\f\r />]|\Z)",
    re.IGNORECASE | re.ASCII,
)
_ENCLOSING = ("iframe", "object", "portal", "fencedframe")
# A <meta> that all parsers read alike, and that replaces no HTTP header
_PLAIN_META = re.compile(
    r"""<meta(?:[\t\n\f\r ]++(?!http-equiv)[a-z-]++
        (?:=(?:"[^"<>]*+"|'[^'<>]*+'|[\w-]++))?+)*+[\t\n\f\r ]*+/?>""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_URL_IN_SET = re.compile(r"(?<![^\s,])[^\s\"'<>,]++")
_URL_IN_CSS = re.compile(
    r"""url\(\s*+(?:(["'])([^"'<>\\]++)\1|([^\s"'<>()\\]++))\s*+\)""", re.IGNORECASE
)
_NAMING = ("src", "background", "poster", "srcset", "style")

PartUrl = Callable[[str], str | None]


def preview(
    html: str, part_url: PartUrl, all_urls: bool = False, most: int = MAX_LENGTH
) -> str:
    """Return the HTML of a mail for the frame.

    part_url takes a URL of the HTML, and returns the URL of the part that it names, or
    None. It gets the `cid:` URLs in src, background, poster, srcset and CSS url();
    all_urls: any URL there. Elements that would contact a host without a click are
    disarmed; links open in a new tab. HTML is cut after `most` characters, and pictures
    after the first MOST_REFERENCES; the page states both.
    """
    tail = _CUT.format(len(html)) if len(html) > most else ""
    text = charsets.storable(html[:most])
    prologue = markup.PROLOGUE.match(text)
    start = prologue.end() if prologue else 0

    rewriter = _Rewriter(part_url, all_urls)
    body = rewriter.rewritten(text[start:])
    if rewriter.left < 0:
        tail = _MANY + tail
    return _disarm(text[:start]) + BASE + _disarm(body) + tail


def references(html: str, all_urls: bool = False) -> set[str]:
    """Return the `cid:` URLs with which HTML shows parts; all_urls: any URL there.

    Returns at most the first MOST_REFERENCES: no message has more parts.
    """
    found: set[str] = set()

    def note(url: str) -> None:
        if len(found) < MOST_REFERENCES:
            found.add(url)

    _Rewriter(note, all_urls).rewritten(html[:MAX_LENGTH])
    return found


def _disarm(html: str) -> str:
    """Return HTML without the elements that make a browser contact a host.

    They are renamed everywhere, also in comments and raw text: raw text for one parser
    is markup for another (`<svg><style><p><link …>`), but no parser creates an element
    whose name is missing.
    """
    return _REACHING.sub(_renamed, html)


def _renamed(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name in _ENCLOSING:
        return f"<{tag[1]}x-{name}"
    if name == "meta" and _PLAIN_META.match(tag.string, tag.start()):
        return tag[0]
    # Parsed like <link> (WHATWG HTML §13.2.6.4.4), so that nothing moves; has no
    # effect.
    return f"<{tag[1]}basefont"


class _Rewriter:
    """Replaces the URLs that name parts."""

    def __init__(self, part_url: PartUrl, all_urls: bool) -> None:
        self._part_url = part_url
        self._marks = _NAMING if all_urls else ("cid:",)
        self._all_urls = all_urls
        self.left = MOST_REFERENCES  # still to rewrite; below 0 if there were more

    def rewritten(self, html: str) -> str:
        """Return HTML with its references rewritten."""
        return markup.TOKEN.sub(self._token, html)

    def _token(self, token: re.Match[str]) -> str:
        if token["comment"]:
            return token[0]
        if token["raw"]:
            start = self._tag(token["start"], len(token["raw"]) + 1)
            if token["raw"].lower() != "style":
                return start + token["text"]
            return start + self._css(token["text"])
        return self._tag(token[0], len(token["name"]) + 1)

    def _tag(self, tag: str, start: int) -> str:
        """Return a tag with its references rewritten. start: of its attributes."""
        lowered = tag.lower()
        if not any(mark in lowered for mark in self._marks):
            return tag
        return tag[:start] + markup.ATTRIBUTE.sub(self._attribute, tag[start:])

    def _attribute(self, attribute: re.Match[str]) -> str:
        name, equals, value = attribute.groups()
        if not value or name.lower() not in _NAMING:
            return attribute[0]
        old = markup.unescape(value.strip(value[0]) if value[0] in "\"'" else value)
        new = self._value(name.lower(), old)
        return attribute[0] if new == old else f'{name}{equals}"{html.escape(new)}"'

    def _value(self, name: str, value: str) -> str:
        """Return the value of an attribute with its references rewritten."""
        if name == "style":
            return self._css(value)
        if name == "srcset":
            return _URL_IN_SET.sub(lambda url: self._url(url[0]) or url[0], value)
        return self._url(value.strip()) or value

    def _css(self, css: str) -> str:
        """Return CSS with its references rewritten."""

        def rewrite(match: re.Match[str]) -> str:
            quote = match[1] or ""
            url = self._url((match[2] or match[3]).strip())
            return match[0] if url is None else f"url({quote}{url}{quote})"

        return _URL_IN_CSS.sub(rewrite, css)

    def _url(self, url: str) -> str | None:
        """Return the URL of the part that a URL names (RFC 2392); None if it names none."""
        if not self._all_urls and url[:4].lower() != "cid:":
            return None
        new = self._part_url(charsets.line(url))
        self.left -= new is not None and self.left >= 0
        return new if self.left >= 0 else None
