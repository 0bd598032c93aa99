"""Filters of the transcript's templates."""

from __future__ import annotations

from uuid import UUID

from django import template

from inbox.insight.findings import FindingKind
from inbox.insight.session_facts import Link
from inbox.presenters.rule_links import RuleLink, links

register = template.Library()


@register.filter
def of(known: dict[UUID, Link] | str, transaction: UUID | None) -> Link | None:
    """Return the link of a transaction; none where the page gave no links."""
    if isinstance(known, dict) and transaction:
        return known.get(transaction)
    return None


@register.filter
def rule_links(rule: str) -> list[RuleLink]:
    """Return where what an exchange names as its rule can be changed."""
    return links(rule)


@register.filter
def at(marks: dict[int, list[FindingKind]] | str, seq: int) -> list[FindingKind]:
    """Return the marks of a line; none where the page gave no marks."""
    return marks.get(seq, []) if isinstance(marks, dict) else []
