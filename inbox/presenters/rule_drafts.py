"""Drafts of new rules: from a line of a transcript, or from a provider's documented reply."""

from __future__ import annotations

from django.utils.translation import gettext as _

from inbox.errors import Invalid, NotFound
from inbox.explain.reply_text import without_link
from inbox.mailbox import sessions
from inbox.mailbox.scope import Scope
from inbox.models import Exchange
from inbox.presenters import rule_form
from inbox.providers.provider_replies import entry
from inbox.rules import dry_lines, rule_fields
from inbox.rules.dry_lines import DryLine

# The condition for a line of each stage, and the fact with its value.
_ABOUT = {
    "connect": ("client", "client_address"),
    "helo": ("helo", "argument"),
    "auth": ("user", "user"),
    "mail": ("reverse_path", "reverse_path"),
    "rcpt": ("forward_path", "forward_path"),
    "any": ("verb", "verb"),
}
# Stages for which the first recipient is the condition.
_FIRST = ("data", "bdat", "body")
_USUAL = 451
_MOST_LINES = 2000  # of a session, up to the given line


def of_line(scope: Scope, short: str) -> rule_form.Given:
    """Return the form for a rule that answers similar lines in the same way.

    Raises NotFound.
    """
    session, seq = sessions.by_short_id(scope, short)
    exchange = next(iter(sessions.exchanges(scope, session.pk, seq - 1, 1)), None)
    asked = dry_lines.of_session(scope, str(session.pk), min(seq, _MOST_LINES))
    line = next((each for each in asked if each.consult.seq == seq), None)
    if exchange is None or line is None:
        raise NotFound(_("no rule can be made from this line"))
    return rule_form.new(line.consult.stage, **_condition(line), **_reply(exchange))


def of_reply(id: str) -> rule_form.Given:
    """Return the form for a rule that answers like a provider. Raises NotFound."""
    found = entry(id)
    if found is None:
        raise NotFound(_('there is no provider reply "%(id)s"') % {"id": id[:40]})
    return rule_form.new(
        found.stage,
        name=f"{found.provider}: {found.meaning}"[:80],
        code=found.code,
        enhanced=found.enhanced or "-",
        text=found.said,
    )


def _condition(line: DryLine) -> rule_form.Given:
    """Return the condition that fits the line only."""
    consult = line.consult
    if consult.stage in _FIRST:
        return {"forward_path": "".join(consult.recipients[:1])}
    name, fact = _ABOUT.get(consult.stage, ("", ""))
    value = str(consult.facts.get(fact, ""))
    if not value:
        return {}
    try:
        rule_fields.check_member("conditions", name, value)
    except Invalid:  # too long, or not a valid pattern
        return {}
    return {name: value}


def _reply(exchange: Exchange) -> rule_form.Given:
    """Return the reply of a line; if it was no failure, a usual failure."""
    if exchange.code is None or exchange.code < 400:
        return {"code": _USUAL}
    texts = [
        _text(each, exchange) for each in without_link(exchange.reply).splitlines()
    ]
    return {
        "code": exchange.code,
        "enhanced": exchange.enhanced or "-",
        "text": "\n".join(texts),
    }


def _text(line: str, exchange: Exchange) -> str:
    """Return a line of a reply without its codes."""
    return line[4:].removeprefix(exchange.enhanced).strip()
