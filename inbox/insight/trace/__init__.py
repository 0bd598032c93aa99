"""Traces the mail for an address through everything that is stored.

The answer is a sentence with its evidence; or without evidence, with hints. It takes
limited time, however much is stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from django.utils.translation import gettext as _

from inbox.errors import Invalid
from inbox.explain import traces
from inbox.explain.evidence import MOST, Cause, Evidence, Near, Outcomes, Sent
from inbox.insight.trace import parts, recipients, senders, unnamed
from inbox.insight.trace.nearest import nearest
from inbox.mailbox import sessions, tombstones
from inbox.mailbox.scope import Scope
from inbox.models import Message, Session, Tombstone
from inbox.search import fields, language
from mailsink.text import readable

MAX_LENGTH = 1000  # characters of an address
_WHOLE = re.compile(r"[^@]+@[^@]+")
_GROUPS = 5  # of a filter, which are tried one by one


@dataclass(frozen=True, slots=True)
class Trace:
    """The answer."""

    address: str  # as searched for
    at: datetime  # the time of the answer
    sentence: str
    aside: str  # further facts and hints
    evidence: Sequence[Evidence]  # newest first
    more: bool  # whether older evidence was left out
    near: Sequence[Near]
    sent: Sent  # by the address
    last_connection: Session | None  # of any client


def trace(scope: Scope, address: str, q: str = "", inbox: str | None = None) -> Trace:
    """Return where the mail for an address is, and the mail that the address sent.

    A part of only one known address stands for that address. q, inbox: the reader's
    filter. Raises Invalid, BadQuery.
    """
    address = clean(address)
    query = language.parse(q)
    # Read first: a session that names the address meanwhile is then among the known,
    # else in neither.
    nameless = unnamed.recent(scope)
    found, sent = _known(scope, address, nameless)
    having: list[Near] = []
    near: list[Near] = []
    if not found:
        meant, having, near = _meant(scope, address)
        if meant != address and not sent.last:
            address = meant
            found, sent = _known(scope, address, nameless)
    if not having:
        newest = max((each.at for each in found), default=None)
        known = {each.session for each in found}
        left = [each for each in nameless if each.pk not in known]
        found += unnamed.find(left, address, newest)
        found.sort(key=lambda each: each.at, reverse=True)
    more, found = len(found) > MOST, _hide(scope, found[:MOST], query, inbox)
    last = sessions.last_connection(scope)
    now = datetime.now(UTC)
    sentence = traces.sentence(address, found, _failing(found, query), now)
    return Trace(
        address=address,
        at=now,
        sentence=traces.several(address, len(having), parts.MOST)
        if having
        else sentence,
        aside="" if having else traces.aside(found, more, last, sent, near, now),
        evidence=found,
        more=more,
        near=having[: parts.MOST] or near,
        sent=sent,
        last_connection=last,
    )


def _known(
    scope: Scope, address: str, nameless: list[Session]
) -> tuple[list[Evidence], Sent]:
    """Return the evidence of RCPTs and tombstones for an address, and the mail that it sent."""
    found = recipients.find(scope, address)
    stones = tombstones.find(scope, address, MOST + 1)
    return _with_tombstones(found, stones), senders.sent(scope, address, nameless)


def _meant(scope: Scope, address: str) -> tuple[str, list[Near], list[Near]]:
    """Return the address that a text stands for, and known addresses that may be meant.

    These are several that contain the text, or else similar ones.
    """
    having = parts.with_part(scope, address)
    if _WHOLE.fullmatch(address):
        like = {each.address: each for each in (*nearest(scope, address), *having)}
        like.pop(address.lower(), None)  # it has sent mail
        return address, [], list(like.values())[: parts.MOST]
    if len(having) == 1:
        return having[0].address, [], []
    return address, having, [] if having else nearest(scope, address)


@dataclass(frozen=True, slots=True)
class AddressSummary:
    """The mail for an address and from it, in numbers."""

    address: str
    received: Outcomes
    sent: Sent


def summaries(scope: Scope, text: str, most: int = 3) -> list[AddressSummary]:
    """Return the numbers for an address, or for known ones that contain the text."""
    nameless = unnamed.recent(scope)
    one = _summary(scope, clean(text), nameless)
    if one.received.last or one.sent.last:
        return [one]
    near = parts.with_part(scope, text)[:most]
    return [_summary(scope, each.address, nameless) for each in near]


def _summary(scope: Scope, address: str, nameless: list[Session]) -> AddressSummary:
    received = recipients.outcomes(scope, address)
    return AddressSummary(address, received, senders.sent(scope, address, nameless))


def clean(text: str) -> str:
    """Return the address in a text, in its stored form. Raises Invalid.

    The text may be copied by people: `Ann <ann@example.com>`, `mailto:ann@example.com`,
    with spaces around it.
    """
    if len(text) > MAX_LENGTH:
        raise Invalid(
            _("an address has at most %(max_length)s characters")
            % {"max_length": f"{MAX_LENGTH:,}"}
        )
    text = re.sub(r"^mailto:", "", text.strip(), flags=re.IGNORECASE)
    if bracketed := re.search(r"<([^<>]+)>$", text):
        text = bracketed[1]
    if re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", text):
        text = readable(text.encode("utf-8", "surrogatepass"))
    if not text.strip():
        raise Invalid(
            _("give the address whose mail is missing, such as ann@example.com")
        )
    return text.strip()


def _with_tombstones(
    found: list[Evidence], stones: Sequence[Tombstone]
) -> list[Evidence]:
    """Return the evidence, with facts of tombstones about removed messages."""
    by_transaction = {each.transaction: each for each in stones}
    with_evidence = {each.transaction for each in found}
    completed = [
        _completed(each, by_transaction[each.transaction])
        if each.kind == "removed" and each.transaction in by_transaction
        else each
        for each in found
    ]
    alone = [each for each in stones if each.transaction not in with_evidence]
    return completed + [
        _completed(Evidence(kind="removed", at=each.received_at), each)
        for each in alone
    ]


def _completed(evidence: Evidence, stone: Tombstone) -> Evidence:
    return replace(
        evidence,
        at=stone.received_at,
        address=evidence.address or stone.address,
        subject=stone.subject,
        message=stone.message,
        transaction=stone.transaction,
        deleted_at=stone.deleted_at,
        removed_at=stone.removed_at,
        cause=cast(Cause, stone.cause),
    )


def _hide(
    scope: Scope, found: list[Evidence], query: language.Query, inbox: str | None
) -> list[Evidence]:
    """Return the evidence; what the reader's filter does not show becomes "hidden"."""
    if not query.groups and not inbox:
        return found
    ids = [each.message for each in found if each.kind == "accepted" and each.message]
    condition = language.messages(query, scope.reader)
    rows = Message.objects.filter(condition, pk__in=ids)
    if inbox:
        rows = rows.filter(inbox__slug=inbox)
    seen = set(rows.values_list("pk", flat=True))
    return [
        replace(each, kind="hidden")
        if each.kind == "accepted" and each.message not in seen
        else each
        for each in found
    ]


def _failing(found: Sequence[Evidence], query: language.Query) -> list[str]:
    """Return the terms that hide the newest message, if it is hidden."""
    newest = next((each for each in found if each.kind != "unnamed"), None)
    if newest is None or newest.kind != "hidden" or newest.message is None:
        return []
    rows = Message.objects.filter(pk=newest.message)
    return [
        " OR ".join(map(str, group))
        for group in query.groups[:_GROUPS]
        if not rows.filter(language.of_group(group, fields.MESSAGES)).exists()
    ]
