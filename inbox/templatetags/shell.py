"""What the frame of every page shows: icons, clock times, the state of the wire."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return the glyph of this name from static/icons.svg; it says nothing aloud."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.filter
def clock(moment: datetime | None) -> str:
    """Return the time of day as 21:04:31, in UTC."""
    return f"{moment:%H:%M:%S}" if moment else ""


@register.simple_tag
def wire_status() -> dict[str, object]:
    """Return where SMTP listens, and the last session or None."""
    return {"smtp": [], "last": None}
