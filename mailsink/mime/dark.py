"""Shows HTML as email clients do that force their dark theme on a mail.

Each colour in CSS and attributes gets the lightness that the client would give it;
pictures do not change. Clients that invert every colour make dark designs light; others
change only light backgrounds and dark texts
(https://www.litmus.com/blog/the-ultimate-guide-to-dark-mode-for-email-marketers).

This is an approximation: no client publishes its exact colours. Never raises; linear time.
"""

from __future__ import annotations

import colorsys
import html
import re
from collections.abc import Callable
from functools import lru_cache, partial

from tinycss2 import color3

from mailsink.mime import markup

_DARKEST = 0.07  # the lightness that replaces white
_LONGEST = 64  # characters of a colour
_START = (
    "<style>:where(html){background:#121212;color:#e8e8e8}"
    ":where(a){color:#8ab4f8}</style>"
)
_ATTRIBUTES = ("bgcolor", "color", "text", "link", "vlink", "alink", "bordercolor")
_DIGITS = re.compile(r"\A[0-9a-fA-F]{6}\Z")  # colours in HTML may lack the "#"
_TEXTS = ("color", "text", "link", "vlink", "alink", "fill")
_DECLARATION = re.compile(
    r"(?<![\w-])(background(?:-color|-image)?|color|fill|stroke|outline(?:-color)?"
    r"|border(?:-(?:top|right|bottom|left))?(?:-color)?|(?:text|box)-shadow)"
    r"(\s*+:)([^;{}]*+)",
    re.IGNORECASE,
)
# First texts and URLs, which may look like colours but are none; then colours
_COLOUR = re.compile(
    r"""(?P<other>"[^"]*+"?|'[^']*+'?|url\([^()]*+\)?)"""
    r"""|(?P<colour>\#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([^()]*+\)|(?<![\w-])[a-z]{3,24}(?![\w(-]))""",
    re.IGNORECASE,
)

_Change = Callable[[str, str], str]


def forced(page: str, start: str, every: bool) -> str:
    """Return a page with its colours changed. every: also those that are already dark.

    start: the page's text before the mail's own HTML
    """
    change = partial(_changed, every=every)
    dark = markup.TOKEN.sub(partial(_token, change=change), page)
    return dark.replace(start, start + _START, 1)


def _token(token: re.Match[str], change: _Change) -> str:
    if token["comment"]:
        return token[0]
    if token["raw"]:
        start = _tag(token["start"], len(token["raw"]) + 1, change)
        is_css = token["raw"].lower() == "style"
        return start + (_css(token["text"], change) if is_css else token["text"])
    return _tag(token[0], len(token["name"]) + 1, change)


def _tag(tag: str, start: int, change: _Change) -> str:
    """Return a tag with its colours changed. start: of its attributes."""

    def attribute(found: re.Match[str]) -> str:
        name, equals, value = found.groups()
        lowered = name.lower()
        if not value or (lowered != "style" and lowered not in _ATTRIBUTES):
            return found[0]
        old = markup.unescape(value.strip(value[0]) if value[0] in "\"'" else value)
        if lowered == "style":
            new = _css(old, change)
        else:
            new = change(lowered, _DIGITS.sub(r"#\g<0>", old.strip()))
        return (
            found[0]
            if new in (old, f"#{old}")
            else f'{name}{equals}"{html.escape(new)}"'
        )

    return tag[:start] + markup.ATTRIBUTE.sub(attribute, tag[start:])


def _css(css: str, change: _Change) -> str:
    def declaration(found: re.Match[str]) -> str:
        name = found[1].lower()

        def colour(part: re.Match[str]) -> str:
            return part[0] if part["other"] else change(name, part[0])

        return found[1] + found[2] + _COLOUR.sub(colour, found[3])

    return _DECLARATION.sub(declaration, css)


def _changed(name: str, text: str, *, every: bool) -> str:
    """Return the new colour of a property or attribute; any other text unchanged."""
    return _dark(name, text, every) if len(text) <= _LONGEST else text


@lru_cache(maxsize=4096)
def _dark(name: str, text: str, every: bool) -> str:
    colour = color3.parse_color(text)
    if not isinstance(colour, color3.RGBA) or colour.alpha == 0:
        return text
    red, green, blue, alpha = (min(1.0, max(0.0, each)) for each in colour)
    is_light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
    if not every and is_light == (name in _TEXTS):
        return text
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    inverted = colorsys.hls_to_rgb(hue, 1 - lightness * (1 - _DARKEST), saturation)
    digits = "".join(f"{round(255 * each):02x}" for each in inverted)
    return f"#{digits}" if alpha >= 1 else f"#{digits}{round(255 * alpha):02x}"
