"""The body of a message (RFC 5321 §4.1.1.4): DATA, and what becomes of what came.

Chunks are in mailsink.smtp.chunking, which hands them to `deliver` too.
"""

from __future__ import annotations

import errno
from functools import partial
from typing import TYPE_CHECKING

from mailsink.ports import Kept, Refused
from mailsink.smtp import replies
from mailsink.smtp.events import Arrival, Body
from mailsink.smtp.exchange import Delivery
from mailsink.smtp.profile import Profile
from mailsink.smtp.reception import Reception, receive_body
from mailsink.smtp.replies import Reply
from mailsink.smtp.transaction import Transaction, within_chunks
from mailsink.smtp.wishes import Keep, OffLoop, Refusal, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine


def data(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 5321 §4.1.1.4: 354, the body, and the reply that counts."""
    transaction = machine.transaction
    if argument:
        raise Refusal(replies.syntax("DATA"))
    if transaction is None:
        raise Refusal(replies.out_of_order("MAIL"))
    if transaction.begun:
        raise within_chunks(transaction)
    if transaction.binary:
        raise Refusal(replies.DATA_IS_NOT_BINARY)
    check_recipients(machine, transaction)
    yield from machine.consult("data")
    yield from machine.answer(replies.START_INPUT)
    reception = yield from receive_body(machine, transaction)
    answer_each(machine, transaction)
    return (yield from deliver(machine, transaction, reception))


def check_recipients(machine: Machine, transaction: Transaction) -> None:
    """Whether there is anyone to take the body for; raises Refusal."""
    if not transaction.accepted:
        if transaction.recipients and machine.profile.protocol == "smtp":
            raise Refusal(replies.NO_VALID_RECIPIENTS)  # 503 in LMTP (RFC 2033 §4.2)
        raise Refusal(replies.out_of_order("RCPT"))


def answer_each(machine: Machine, transaction: Transaction) -> None:
    """In LMTP, let the current exchange's reply go to each recipient (RFC 2033 §4.2)."""
    if transaction.to_answer:
        recipients = tuple(transaction.to_answer)
        machine.current.delivery = Delivery(transaction.id, recipients)


def deliver(
    machine: Machine, transaction: Transaction, reception: Reception
) -> Steps[Reply]:
    """Judge a body that came whole; keep it, or hand it over as refused."""
    body = reception.body
    if body is None:
        reply = write_failed(reception.error)
        transaction.end(machine, "rejected", reply.code)
        return reply
    try:
        _check_body(machine.profile, reception)
        decided = yield from machine.consult("body", size=body.size)
    except Refusal as refusal:
        transaction.end(machine, "rejected", refusal.reply.code, body)
        return refusal.reply
    except Exception:
        transaction.end(machine, "rejected", replies.LOCAL_ERROR.code, body)
        raise
    reply = yield from _keep(machine, transaction, body)
    return decided if decided is not None and reply.code < 400 else reply


def _check_body(profile: Profile, reception: Reception) -> None:
    limit = profile.max_message_size
    if limit and reception.size > limit:
        raise Refusal(replies.too_large(reception.size, limit))
    bare = {"bare_lf_data", "bare_cr_data"} & reception.flags
    if bare and profile.bare_newlines == "reject":
        raise Refusal(replies.BARE_NEWLINES)
    if reception.overlong:
        raise Refusal(replies.text_line_too_long(profile.max_text_line))


def write_failed(error: OSError | None) -> Reply:
    """The reply to a body that could not be written (RFC 5321 §4.2.3)."""
    full = error is not None and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return replies.DISK_FULL if full else replies.WRITE_ERROR


def _keep(machine: Machine, transaction: Transaction, body: Body) -> Steps[Reply]:
    """Have the message kept; 250 only when it is."""
    arrival = Arrival(
        machine.session, transaction.id, machine.now_us(), body, transaction.tags
    )
    try:
        outcome: Kept | Refused = yield Keep(arrival)
    except Exception:
        yield from _not_kept(machine, transaction, body, replies.LOCAL_ERROR.code)
        raise
    if isinstance(outcome, Kept):
        machine.transaction = None
        machine.current.final = True
        return replies.queued(outcome.id)
    yield from _not_kept(machine, transaction, body, outcome.reply.code)
    return outcome.reply


def _not_kept(
    machine: Machine, transaction: Transaction, body: Body, code: int
) -> Steps[None]:
    transaction.end(machine, "rejected", code)
    if body.path is not None:
        yield OffLoop(partial(body.path.unlink, missing_ok=True))
