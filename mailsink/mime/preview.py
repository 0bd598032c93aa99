"""HTML for the sandboxed frame: inline images found, what would reach out disarmed.

The frame's sandbox and Content-Security-Policy protect the reader, so the rest of
the mail's HTML stays as it was sent. Never raises; linear time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import unquote

from mailsink.mime import charsets, markup
from mailsink.mime.markup import MAX_LENGTH

_BASE = '<base target="_blank">'
_CUT = "<p>The rest of this HTML is not shown here: it has {} characters in all.</p>"

# Browsers look up and connect to the hosts that these elements name although the policy
# forbids to load anything from there: hints and frames are beyond its reach.
_REACHING = re.compile(
    r"<(/?)(link|base|meta|embed|frame|iframe|object|portal|fencedframe)"
    r"(?=[\t\n\f\r />]|\Z)",
    re.IGNORECASE | re.ASCII,
)
_ENCLOSING = ("iframe", "object", "portal", "fencedframe")
# A <meta> that every parser reads alike, and that stands for no header of HTTP
_PLAIN_META = re.compile(
    r"""<meta(?:[\t\n\f\r ]++(?!http-equiv)[a-z-]++
        (?:=(?:"[^"<>]*+"|'[^'<>]*+'|[\w-]++))?+)*+[\t\n\f\r ]*+/?>""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_CID = re.compile(r"\s*+cid:([^\s\"'<>]++)\s*+", re.IGNORECASE)
_CID_IN_SET = re.compile(r"(?<![^\s,])cid:([^\s\"'<>,]++)", re.IGNORECASE)
_CID_IN_CSS = re.compile(
    r"url\(\s*+([\"']?+)cid:([^\s\"'<>()\\]++)\1\s*+\)", re.IGNORECASE
)
_URL_ATTRIBUTES = ("src", "background", "poster")

PartUrl = Callable[[str], str | None]


def preview(html: str, part_url: PartUrl) -> str:
    """Return the HTML of a mail for the frame.

    part_url gets a content id without its brackets, and returns the URL of that
    part or None. `cid:` references in src, background, poster, srcset and CSS url()
    become those URLs; what would reach out without being asked is disarmed; links
    open in a new tab. HTML longer than MAX_LENGTH characters is cut, and says so.
    """
    text = charsets.storable(html)
    tail = _CUT.format(len(text)) if len(text) > MAX_LENGTH else ""
    text = text[:MAX_LENGTH]
    prologue = markup.PROLOGUE.match(text)
    start = prologue.end() if prologue else 0

    def rewrite(token: re.Match[str]) -> str:
        return _token(token, part_url)

    body = markup.TOKEN.sub(rewrite, text[start:])
    return _disarm(text[:start]) + _BASE + _disarm(body) + tail


def _disarm(html: str) -> str:
    """Return HTML without the elements that make a browser reach out.

    They are renamed wherever their names stand, in comments and raw text too: what is
    raw text to one parser is markup to another (`<svg><style><p><link …>`), but none
    makes an element of a name that is not there.
    """
    return _REACHING.sub(_renamed, html)


def _renamed(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name in _ENCLOSING:
        return f"<{tag[1]}x-{name}"
    if name == "meta" and _PLAIN_META.match(tag.string, tag.start()):
        return tag[0]
    # Parsed as <link> is (WHATWG HTML §13.2.6.4.4), so that nothing moves; does nothing.
    return f"<{tag[1]}basefont"


def _token(token: re.Match[str], part_url: PartUrl) -> str:
    """Return what is to stand for a token of the HTML."""
    if token["comment"]:
        return token[0]
    if token["raw"]:
        start = _tag(token["start"], len(token["raw"]) + 1, part_url)
        if token["raw"].lower() != "style":
            return start + token["text"]
        return start + _css(token["text"], part_url)
    return _tag(token[0], len(token["name"]) + 1, part_url)


def _tag(tag: str, start: int, part_url: PartUrl) -> str:
    """Return a tag, whose attributes begin at start, with its references rewritten."""
    if "cid:" not in tag.lower():
        return tag

    def rewrite(attribute: re.Match[str]) -> str:
        name, equals, value = attribute.groups()
        if not value or "cid:" not in value.lower():
            return attribute[0]
        old = markup.unescape(value.strip(value[0]) if value[0] in "\"'" else value)
        new = _attribute(name.lower(), old, part_url)
        return attribute[0] if new == old else f'{name}{equals}"{html.escape(new)}"'

    return tag[:start] + markup.ATTRIBUTE.sub(rewrite, tag[start:])


def _attribute(name: str, value: str, part_url: PartUrl) -> str:
    """Return the value of an attribute with its references rewritten."""
    if name == "style":
        return _css(value, part_url)
    if name == "srcset":
        return _CID_IN_SET.sub(
            lambda match: _url(match[1], part_url) or match[0], value
        )
    if name in _URL_ATTRIBUTES and (reference := _CID.fullmatch(value)):
        return _url(reference[1], part_url) or value
    return value


def _css(css: str, part_url: PartUrl) -> str:
    """Return CSS with its references rewritten."""

    def rewrite(match: re.Match[str]) -> str:
        url = _url(match[2], part_url)
        return match[0] if url is None else f"url({match[1]}{url}{match[1]})"

    return _CID_IN_CSS.sub(rewrite, css)


def _url(reference: str, part_url: PartUrl) -> str | None:
    """Return the URL of the part that a cid: URL without its scheme names (RFC 2392)."""
    return part_url(charsets.line(unquote(reference, errors="replace")))
