"""Why a rule would not act at a line, in words, and the reply that would be sent."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.rules.dry_run import DryAnswer, RuleVerdict
from inbox.rules.field_table import CONDITIONS, LIMITS, OWN
from inbox.rules.matching import values
from inbox.rules.rule_fields import TEXT_CONDITIONS
from inbox.rules.rule_sentences import SentencePart, condition, filled, linked, phrase
from mailsink.ports import Consult

_REASONS = {
    "off": gettext_noop("It is switched off."),
    "expired": gettext_noop("It has expired."),
    "time": gettext_noop("It acts at another time of day."),
    "settled": gettext_noop("A rule above it settles the reply."),
    "cannot": gettext_noop("It has no say at this line."),
}
_NAMES = {each.name for each in CONDITIONS}


def why_not(verdict: RuleVerdict, consult: Consult) -> list[SentencePart]:
    """Return why a rule does not act, as a sentence."""
    reason, rule = verdict.reason, verdict.rule
    if reason in _REASONS:
        return filled(_(_REASONS[reason]), {})
    if reason not in _NAMES:
        said = phrase(
            (*LIMITS, *OWN), reason, {**rule.limits, "max_hits": rule.max_hits}
        )
        return linked(_("It acts only so often: %(first)s."), said)
    said = condition(reason, rule.conditions)
    if here := _here(reason, consult):
        return linked(_("Not met: %(first)s. Here it is %(next)s."), said, here)
    return linked(_("Not met: %(first)s."), said)


def _here(name: str, consult: Consult) -> list[SentencePart]:
    """Return the value that a condition was compared with; [] if there is nothing to show."""
    if name in TEXT_CONDITIONS:
        found = ", ".join(values(consult, name)[:3])
        return [SentencePart(found or _("empty"), strong=bool(found))]
    fact = {"client": "client_address", "size_over": "size"}.get(name, name)
    known = fact in consult.facts and name != "tls"
    return [SentencePart(str(consult.facts[fact]), strong=True)] if known else []


def reply_lines(answer: DryAnswer) -> list[str]:
    """Return the lines of the decided reply; [] for the usual reply."""
    reply = answer.decision.reply
    return [] if reply is None else list(reply.lines())
