"""Attempts to send one message over several sessions, including refused ones.

Attempts are joined by Message-ID, or else by the body's hash, if they share a
recipient. Attempts of the same client or user with the same envelope within 24 hours
are joined as likely, up to the accepted attempt. All this is computed on reading, from
limited numbers of rows.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _

from inbox.errors import NotFound
from inbox.explain.attempt_history import AttemptHistory, Joined
from inbox.insight import mail_refusals
from inbox.insight.attempts import alike
from inbox.insight.attempts.alike import LIKELY_WITHIN
from inbox.insight.attempts.attempt_facts import as_attempt, refusals
from inbox.insight.attempts.candidates import KEY_LENGTH, Candidate, load
from inbox.mailbox.paging import as_uuid
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Session, Transaction

__all__ = ("KEY_LENGTH", "LIKELY_WITHIN", "of_exchange", "of_transaction")


def of_transaction(scope: Scope, id: str | UUID) -> AttemptHistory:
    """Return the attempt history of a transaction's message. Raises NotFound."""
    key = as_uuid(id)
    rows = Transaction.objects.filter(scope.q(), pk=key) if key else None
    for one in load(rows) if rows is not None else ():
        return _history(scope, one)
    raise NotFound(_('there is no transaction "%(id)s"') % {"id": id})


def of_exchange(scope: Scope, exchange: Exchange) -> AttemptHistory | None:
    """Return the attempt history of an exchange's message; None if it has no message.

    The exchange must have been read within a scope. A refused MAIL is shown with the
    transaction that followed it.
    """
    if exchange.transaction_id:
        return _unless_removed(scope, exchange.transaction_id)
    if not mail_refusals.is_one(exchange):
        return None
    session = Session.objects.filter(pk=exchange.session_id).first()
    if session is None:  # removed meanwhile
        return None
    refusal = mail_refusals.as_attempt(session, exchange)
    following = mail_refusals.following(scope, session, exchange)
    history = _unless_removed(scope, following) if following else None
    if history and history.several:
        for at, each in enumerate(history.attempts):
            if (each.session, each.seq) == (refusal.session, refusal.seq):
                return replace(history, at=at)
    return AttemptHistory([refusal], 0, 1, None)


def _unless_removed(scope: Scope, id: UUID) -> AttemptHistory | None:
    """Return the attempt history of a transaction; None if it was removed meanwhile."""
    try:
        return of_transaction(scope, id)
    except NotFound:
        return None


def _history(scope: Scope, asked: Candidate) -> AttemptHistory:
    if asked.row.session.has_no_client:
        return AttemptHistory([as_attempt(asked, None, likely=False)], 0, 1, None)
    far, total = alike.with_the_same(scope, asked)
    beside = alike.near(scope, asked)
    others = load(Transaction.objects.filter(scope.q(), pk__in={*far, *beside}))
    certain = {each.key: each for each in others if alike.is_same(asked, each)}
    if not asked.message_id:
        certain = alike.up_to_accepted(asked, certain)
        if any(key not in certain for key in far if key != asked.key):
            total = 0  # it would count other, similar messages
    probable = alike.likely(asked, others, certain)
    found = {asked.key: asked} | {each.key: each for each in probable} | certain
    newest = sorted(found, reverse=True)[: alike.MOST]
    is_old = asked.key not in newest
    if is_old:
        newest[-1] = asked.key
    replies = refusals(found[key].row for key in newest)
    sure = {asked.key, *certain}
    listed = [
        as_attempt(found[key], replies.get(key), key not in sure) for key in newest
    ]
    refused = mail_refusals.belonging_to(scope, asked.row, newest)[: alike.MOST]
    listed += [replace(each, likely=True) for each in refused]
    listed.sort(key=lambda each: each.started_at)
    at = next(i for i, each in enumerate(listed) if each.transaction == asked.key)
    several = len(listed) > 1
    joined = _joined(asked, bool(certain)) if several else None
    total = max(total, len(listed))
    unlisted = alike.number_before(scope, asked) if is_old else total - len(listed)
    return AttemptHistory(listed, at, total, joined, unlisted)


def _joined(asked: Candidate, certain: bool) -> Joined:
    if not certain:
        return "envelope"
    return "message-id" if asked.message_id else "body"
