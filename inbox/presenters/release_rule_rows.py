"""Release rules and the guard, for pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox import pages
from inbox.models import ReleaseRule
from inbox.outgoing.todays_mail import DomainCount


@dataclass(frozen=True, slots=True)
class ReleaseRuleRow:
    """A rule in the list."""

    id: str
    name: str
    position: int
    enabled: bool
    words: str


@dataclass(frozen=True, slots=True)
class DomainRow:
    """A domain that mail would have gone to today."""

    domain: str
    url: str  # of its messages
    count: DomainCount


def rule_row(rule: ReleaseRule) -> ReleaseRuleRow:
    """Return a rule for its row."""
    return ReleaseRuleRow(
        str(rule.pk), rule.name, rule.position, rule.enabled is True, _words(rule)
    )


def domain_row(count: DomainCount) -> DomainRow:
    """Return a domain for its row."""
    query = f'rcpt:"*@{count.domain}" after:today'
    plain = count.domain.replace("-", "").replace(".", "").isalnum()
    url = pages.path("inbox", q=query) if plain else ""
    return DomainRow(count.domain, url, count)


def _words(rule: ReleaseRule) -> str:
    """Return the effect of a rule, in a sentence."""
    named = {
        "recipients": _listed(rule.recipients),
        "senders": _listed(rule.senders) or _("anybody"),
        "inbox": rule.inbox.name if rule.inbox else "",
        "route": rule.route.name if rule.route else _("no route"),
        "copy_to": rule.copy_to,
    }
    if rule.action == "copy":
        if rule.inbox:
            return (
                _(
                    "Copies mail of the inbox %(inbox)s from %(senders)s to "
                    "%(recipients)s to %(copy_to)s, through %(route)s"
                )
                % named
            )
        return (
            _(
                "Copies mail from %(senders)s to %(recipients)s to %(copy_to)s, through %(route)s"
            )
            % named
        )
    if rule.inbox:
        return (
            _(
                "Releases mail of the inbox %(inbox)s from %(senders)s to "
                "%(recipients)s, through %(route)s"
            )
            % named
        )
    return (
        _("Releases mail from %(senders)s to %(recipients)s, through %(route)s") % named
    )


def _listed(patterns: object) -> str:
    """Return the first patterns of a list in words."""
    if not isinstance(patterns, list):
        return "?"
    first = ", ".join(map(str, patterns[:5]))
    if len(patterns) <= 5:
        return first
    return _("%(patterns)s and others") % {"patterns": first}
