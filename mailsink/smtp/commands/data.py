"""DATA (RFC 5321 §4.1.1.4), and storing the message once its body is complete.

mailsink.smtp.commands.bdat receives the chunks of BDAT; it calls `deliver` too.
"""

from __future__ import annotations

import errno
from functools import partial

from mailsink.ports import Refused, Stored
from mailsink.smtp.body.reader import ReceivedBody
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import Arrival, Body
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.body_receiver import receive_body
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import Refusal, RunInThread, Steps, StoreMessage
from mailsink.smtp.session.exchange import Delivery
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.shaped_replies import send_reply
from mailsink.smtp.session.transaction import Transaction
from mailsink.smtp.session.transaction_end import end_transaction


def data(session: Session, argument: str) -> Steps[Reply]:
    """Reply 354, receive the body and store the message (RFC 5321 §4.1.1.4).

    Return the reply to the message.
    """
    transaction = session.transaction
    assert transaction is not None  # a need
    decided = yield from consult(session, "data", transaction.asked)
    if decided is not None and decided.code != replies.START_INPUT.code:
        return decided  # a client that sends a message now is out of step
    yield from send_reply(session, decided or replies.START_INPUT)
    received = yield from receive_body(session, transaction)
    answer_each(session, transaction)
    return (yield from deliver(session, transaction, received))


def answer_each(session: Session, transaction: Transaction) -> None:
    """In LMTP, repeat the exchange's reply for each recipient (RFC 2033 §4.2)."""
    recipients = tuple(transaction.recipient_paths)
    if recipients and session.profile.protocol == "lmtp":
        session.exchange.delivery = Delivery(transaction.id, recipients)


def deliver(
    session: Session,
    transaction: Transaction,
    received: ReceivedBody,
    decided: Reply | None = None,
) -> Steps[Reply]:
    """Store the message of a complete body, or refuse it; return the reply.

    decided: the policy's reply for success so far; the policy may replace it at the
    end.
    """
    body = received.body
    if body is None:
        reply = write_failed(received.error)
        end_transaction(session, "rejected", reply.code)
        return reply
    try:
        _check_body(session.profile, received)
        if received.flags:
            transaction.flags |= received.flags
        at_end = yield from consult(
            session, "body", transaction.asked, body, size=body.size
        )
        transaction.placement = session.exchange.placement or transaction.placement
    except Refusal as refusal:
        transaction.placement = session.exchange.placement or transaction.placement
        end_transaction(session, "rejected", refusal.reply.code, body)
        return refusal.reply
    except Exception:
        end_transaction(session, "rejected", replies.LOCAL_ERROR.code, body)
        raise
    reply = yield from _store(session, transaction, body)
    return reply if reply.code >= 400 else at_end or decided or reply


def _check_body(profile: Profile, received: ReceivedBody) -> None:
    limit = profile.max_message_size
    if limit and received.size > limit:
        raise Refusal(replies.too_large(received.size, limit))
    bare = {"bare_lf_data", "bare_cr_data"} & received.flags
    if bare and profile.bare_newlines == "reject":
        raise Refusal(replies.BARE_NEWLINES)
    if received.overlong:
        raise Refusal(replies.text_line_too_long(profile.max_text_line))


def write_failed(error: OSError | None) -> Reply:
    """Return the reply to a body that could not be written (RFC 5321 §4.2.3)."""
    full = error is not None and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return replies.DISK_FULL if full else replies.WRITE_ERROR


def _store(session: Session, transaction: Transaction, body: Body) -> Steps[Reply]:
    """Store the message; return 250 only after the commit."""
    if transaction.handling.discarded_by:
        return _discard(session, transaction, body)
    handling = transaction.handling
    if not handling.inbox and transaction.placement.inbox:
        handling = handling._replace(inbox=transaction.placement.inbox)
    arrival = Arrival(session.id, transaction.id, session.now_us(), body, handling)
    try:
        outcome: Stored | Refused = yield StoreMessage(arrival)
    except Exception:
        yield from _not_stored(session, transaction, body, replies.LOCAL_ERROR.code)
        raise
    if isinstance(outcome, Stored):
        session.transaction = None
        session.exchange.final = True
        return replies.queued(outcome.id)
    yield from _not_stored(session, transaction, body, outcome.reply.code)
    return outcome.reply


def _discard(session: Session, transaction: Transaction, body: Body) -> Reply:
    """Accept a message that a rule discards; its transaction is kept with that fact."""
    exchange = session.exchange
    exchange.rule = exchange.rule or transaction.handling.discarded_by
    end_transaction(session, "discarded", replies.DISCARDED.code, body)
    return replies.DISCARDED


def _not_stored(
    session: Session, transaction: Transaction, body: Body, code: int
) -> Steps[None]:
    end_transaction(session, "rejected", code)
    if body.path is not None:
        yield RunInThread(partial(body.path.unlink, missing_ok=True))
