"""Filters of the templates of rules."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from inbox.rules.rule_sentences import SentencePart

register = template.Library()


@register.filter
def spoken(parts: Iterable[SentencePart]) -> SafeString:
    """Return a sentence as HTML."""
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<b>{}</b>", each.text) if each.strong else each.text,)
            for each in parts
        ),
    )
