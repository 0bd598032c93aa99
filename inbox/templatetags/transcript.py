"""Filters of the transcript's templates."""

from __future__ import annotations

from uuid import UUID

from django import template

from inbox.insight.findings import FindingKind
from inbox.insight.session_facts import Link
from inbox.presenters.rule_links import RuleLink, links, settings_of

register = template.Library()


@register.filter
def of(known: dict[UUID, Link] | str, transaction: UUID | None) -> Link | None:
    """Return the link of a transaction; none if the page has no links."""
    if isinstance(known, dict) and transaction:
        return known.get(transaction)
    return None


@register.filter
def rule_links(rule: str, inbox_id: int | None) -> list[RuleLink]:
    """Return links to the places where an exchange's rule can be changed.

    inbox_id: of its session; None if that has several
    """
    return links(rule, inbox_id)


@register.filter
def settings_url(inbox_id: int) -> str:
    """Return the URL of an inbox's settings."""
    return settings_of(inbox_id)


@register.filter
def at(marks: dict[int, list[FindingKind]] | str, seq: int) -> list[FindingKind]:
    """Return the marks of a line; none if the page has no marks."""
    return marks.get(seq, []) if isinstance(marks, dict) else []
