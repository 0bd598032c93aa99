"""Numbers on the pages of messages."""

from __future__ import annotations

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.translation import gettext as _

from inbox.explain.quantities import compact, counted
from mailsink import bidi

register = template.Library()
# stringfilter: a word of ours, such as "no sender", is translated late.
register.filter("isolated", stringfilter(bidi.isolated))
register.filter("person", bidi.person)
register.filter("spelled", bidi.spelled)


@register.filter
def weight(size: int | None) -> str:
    """Return a size in few letters: "18 KB"."""
    return compact(size or 0)


@register.filter
def octets(size: int | None) -> str:
    """Return a size in words: "18,211 bytes"; of nothing "no bytes"."""
    return counted(size, "byte") if size else _("no bytes")


@register.filter
def grouped(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}"
