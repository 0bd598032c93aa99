"""Numbers on the pages of messages, their comments and assignees."""

from __future__ import annotations

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.translation import gettext as _

from inbox.access import current
from inbox.explain.quantities import compact, counted
from inbox.models import Message
from inbox.presenters import discussion_rows
from inbox.presenters.discussion_rows import AssigneeChoice, DiscussionRows
from mailsink import bidi

register = template.Library()
# stringfilter: our own words, such as "no sender", are translated lazily.
register.filter("isolated", stringfilter(bidi.isolated))
register.filter("person", bidi.person)
register.filter("spelled", bidi.spelled)


@register.simple_tag
def discussion(message: Message) -> DiscussionRows | None:
    """Return the comments on a message; None without accounts."""
    return discussion_rows.of(message, current.identity())


@register.simple_tag
def assigned(message: Message) -> AssigneeChoice | None:
    """Return the assignee of a message, and the other candidates; None without accounts."""
    return discussion_rows.choice(message, current.identity())


@register.simple_tag
def assignable() -> AssigneeChoice | None:
    """Return the candidates for the assignee of selected messages, or None."""
    return discussion_rows.choice_for_many(current.identity())


@register.filter
def weight(size: int | None) -> str:
    """Return a size in short form: "18 KB"."""
    return compact(size or 0)


@register.filter
def octets(size: int | None) -> str:
    """Return a size in words: "18,211 bytes"; "no bytes" for 0."""
    return counted(size, "byte") if size else _("no bytes")


@register.filter
def grouped(number: int) -> str:
    """Return a number with thousands separators."""
    return f"{number:,}"
