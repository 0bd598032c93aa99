"""Rules as the page Rules shows them: in sentences, with what they did last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from inbox import pages
from inbox.models import Rule
from inbox.rules.rule_decisions import decision_of

STAGE_WORDS = {
    "connect": gettext_noop("When a client connects"),
    "helo": gettext_noop("At EHLO or HELO"),
    "starttls": gettext_noop("At STARTTLS"),
    "auth": gettext_noop("At a login that is right"),
    "mail": gettext_noop("At MAIL"),
    "rcpt": gettext_noop("At RCPT"),
    "data": gettext_noop("At DATA, or the first BDAT"),
    "bdat": gettext_noop("At each BDAT"),
    "body": gettext_noop("At the end of the message"),
    "rset": gettext_noop("At RSET"),
    "vrfy": gettext_noop("At VRFY or EXPN"),
    "etrn": gettext_noop("At ETRN"),
    "quit": gettext_noop("At QUIT"),
    "any": gettext_noop("At any command"),
}
PER_WORDS = {
    "": gettext_noop("all together"),
    "client": gettext_noop("each client"),
    "sender": gettext_noop("each sender"),
    "recipient": gettext_noop("each recipient"),
    "session": gettext_noop("each session"),
    "triplet": gettext_noop("each client, sender and recipient"),
}
CLOSE_WORDS = {
    "": gettext_noop("no"),
    "before": gettext_noop("in place of the reply"),
    "half": gettext_noop("half way through the reply"),
    "after": gettext_noop("after the reply"),
}
_CONDITIONS = {
    "client": gettext_noop("the client is %(value)s"),
    "helo": gettext_noop("the EHLO name is %(value)s"),
    "user": gettext_noop("the user is %(value)s"),
    "reverse_path": gettext_noop("the sender is %(value)s"),
    "forward_path": gettext_noop("the recipient is %(value)s"),
    "body": gettext_noop("the message holds %(value)s"),
    "size_over": gettext_noop("the message is larger than %(value)s bytes"),
    "transaction": gettext_noop("it is message %(value)s of the session"),
    "verb": gettext_noop("the command is %(value)s"),
}
_ACTIONS = {
    "delay_ms": gettext_noop("wait %(value)s ms"),
    "drip": gettext_noop("write the reply at %(value)s bytes a second"),
    "stall": gettext_noop("never reply"),
    "keep": gettext_noop("cut the reply to %(value)s characters"),
    "garble": gettext_noop("write the reply backwards"),
    "without": gettext_noop("do not offer %(value)s"),
    "size": gettext_noop("offer SIZE %(value)s"),
    "tags": gettext_noop("tag the message %(value)s"),
}
_LIMITS = {
    "every": gettext_noop("every time in %(value)s"),
    "lasts": gettext_noop("for %(value)s seconds from the first time"),
    "speed": gettext_noop("at %(value)s times the speed"),
}
_TLS_FAILURES = {
    "wrong_name": gettext_noop("begin TLS with a certificate for another name"),
    "expired": gettext_noop("begin TLS with a certificate that has expired"),
    "no_cipher": gettext_noop("begin TLS with no cipher that clients have"),
}
_CLOSES = {
    "before": gettext_noop("close the connection in place of the reply"),
    "half": gettext_noop("close the connection half way through the reply"),
    "after": gettext_noop("close the connection after the reply"),
}
_RESETS = {
    "before": gettext_noop("reset the connection in place of the reply"),
    "half": gettext_noop("reset the connection half way through the reply"),
    "after": gettext_noop("reset the connection after the reply"),
}


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
    sentence: str
    limits: str
    state: str  # why it does not act, or until when it does
    hits: str
    last: list[LastHit]


def row(rule: Rule) -> RuleRow:
    """Return a rule as a row."""
    return RuleRow(
        id=rule.pk,
        name=rule.name,
        is_on=rule.is_on,
        sentence=sentence(rule),
        limits=", ".join(_limits(rule)),
        state=_state(rule),
        hits=_hits(rule.hits),
        last=[
            LastHit(pages.short(UUID(session), seq), datetime.fromisoformat(at))
            for session, seq, at in rule.last_hits[:3]
        ],
    )


def _hits(hits: int) -> str:
    if not hits:
        return _("did not act yet")
    return ngettext("acted once", "acted %(hits)s times", hits) % {"hits": hits}


def sentence(rule: Rule) -> str:
    """Return what a rule does, and when, as a sentence."""
    words = {
        "stage": _(STAGE_WORDS[rule.stage]),
        "conditions": _(" and ").join(_conditions(rule.conditions)),
        "actions": ", ".join(_actions(rule)).rstrip("."),
    }
    if rule.conditions:
        return _("%(stage)s, if %(conditions)s: %(actions)s.") % words
    return _("%(stage)s: %(actions)s.") % words


def _conditions(given: dict[str, Any]) -> Iterator[str]:
    for name, words in _CONDITIONS.items():
        if name in given:
            yield _(words) % {"value": given[name]}
    if "header" in given:
        field = {"field": given["header"], "value": given["header_value"]}
        yield _("the field %(field)s is %(value)s") % field
    if "tls" in given:
        yield _("the session is in TLS") if given["tls"] else _("there is no TLS")


def _actions(rule: Rule) -> Iterator[str]:
    given: dict[str, Any] = rule.actions
    reply = decision_of(rule, rule.stage).reply  # type: ignore[arg-type]
    if reply is not None:
        yield _("reply %(reply)s") % {"reply": " / ".join(reply.lines())}
    for name, words in _ACTIONS.items():
        if name in given:
            value = given[name]
            listed = ", ".join(value) if isinstance(value, list) else value
            yield _(words) % {"value": listed}
    if failure := given.get("tls_failure"):
        yield _(_TLS_FAILURES[failure])
    if close := given.get("close"):
        yield _((_RESETS if given.get("reset") else _CLOSES)[close])


def _limits(rule: Rule) -> Iterator[str]:
    given: dict[str, Any] = rule.limits
    if first := given.get("first"):
        yield ngettext("the first time", "the first %(n)s times", first) % {"n": first}
    for name, words in _LIMITS.items():
        if name in given:
            yield _(words) % {"value": given[name]}
    if "rate" in given:
        yield _("beyond %(rate)s times in %(seconds)s seconds") % given
    if "probability" in given:
        percent = f"{given['probability'] * 100:g}"
        yield _("in %(percent)s %% of the times") % {"percent": percent}
    if per := given.get("per"):
        yield _("counted for %(each)s") % {"each": _(PER_WORDS[per])}
    if "from_time" in given:
        yield _("from %(from_time)s to %(until_time)s") % given
    if rule.max_hits is not None:
        yield _("at most %(most)s hits") % {"most": rule.max_hits}


def _state(rule: Rule) -> str:
    if not rule.is_on:
        return _("Off")
    if rule.expires_at is None:
        return ""
    at = {"at": f"{rule.expires_at.astimezone():%Y-%m-%d %H:%M:%S}"}
    if rule.expires_at <= datetime.now(UTC):
        return _("Expired at %(at)s") % at
    return _("Until %(at)s") % at
