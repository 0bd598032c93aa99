"""Colours of CSS as red, green and blue, and their contrast (WCAG 2.2).

tinycss2 parses them.
"""

from __future__ import annotations

from tinycss2 import color4

Colour = tuple[int, int, int]

_LONGEST = 100  # characters of a colour that are parsed


def colour(value: str) -> Colour | None:
    """Return an opaque colour; None for any other value, or if it cannot be computed."""
    if len(value) > _LONGEST:
        return None
    try:
        found = color4.parse_color(value)
        if not isinstance(found, color4.Color):
            return None
        red, green, blue, alpha = (share or 0 for share in found.to("srgb"))
    except (ValueError, NotImplementedError):  # such as color(), and lab(50 40 59)
        return None
    return (_octet(red), _octet(green), _octet(blue)) if alpha == 1 else None


def _octet(share: float) -> int:
    return round(255 * min(1, max(0, share)))


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(each / 255) for each in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
