"""Rules for the page Rules: in sentences, with their last hits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox import pages
from inbox.models import Rule
from inbox.rules.rule_sentences import SentencePart, sentence


@dataclass(frozen=True, slots=True)
class LastHit:
    """A line that a rule answered."""

    url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the list."""

    id: int
    name: str
    is_on: bool
    sentence: list[SentencePart]
    state: str  # why it does not act, or until when it does
    hits: str
    last: list[LastHit]
    found: str  # the search for its sessions; "" for none


def row(rule: Rule, inbox: str = "") -> RuleRow:
    """Return a rule as a row. inbox: its slug, if there are several inboxes"""
    return RuleRow(
        id=rule.pk,
        name=rule.name,
        is_on=rule.is_on,
        sentence=sentence(rule, inbox),
        state=_state(rule),
        hits=_hits(rule.hits),
        last=[
            LastHit(pages.short(UUID(session), seq), datetime.fromisoformat(at))
            for session, seq, at in rule.last_hits[:3]
        ],
        found=pages.path("sessions", q=f"rule:#{rule.pk}") if rule.hits else "",
    )


def _hits(hits: int) -> str:
    if not hits:
        return _("has not acted yet")
    return ngettext("acted once", "acted %(hits)s times", hits) % {"hits": hits}


def _state(rule: Rule) -> str:
    if not rule.is_on:
        return _("Off")
    if rule.expires_at is None:
        return ""
    at = {"at": f"{rule.expires_at.astimezone():%Y-%m-%d %H:%M:%S}"}
    if rule.expires_at <= datetime.now(UTC):
        return _("Expired at %(at)s") % at
    return _("Until %(at)s") % at
