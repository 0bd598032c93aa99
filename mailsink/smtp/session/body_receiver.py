"""Receives a message body up to its end or the disconnect, and records the exchange."""

from __future__ import annotations

from mailsink.smtp.body.reader import BodyReader, DataReader, ReceivedBody
from mailsink.smtp.session.effects import YIELD, RunInThread, SessionEnded, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.session_time import check_time, deadline, wait_until
from mailsink.smtp.session.transaction import Transaction
from mailsink.smtp.session.transaction_end import close_body, end_transaction

_PROGRESS_US = 500_000  # between two progress events of a growing body
_HANGS_US = 1_000_000  # of silence after a wrong end: the client waits for a reply


def receive_body(session: Session, transaction: Transaction) -> Steps[ReceivedBody]:
    """Return the body after DATA, and record its exchange.

    If the body is cut off, end the transaction and raise SessionEnded.
    """
    reader = DataReader(session.profile, session.now_us())
    session.next_exchange("body")
    try:
        yield from read(session, reader)
    except SessionEnded as ended:
        yield from cut_off(session, transaction, reader, ended)
        raise
    flags = reader.flags(transaction.declared)
    session.emit_exchange(*reader.exchange(flags))
    body = yield from close_body(reader.spool, ended=True)
    return reader.received(body, flags)


def read(session: Session, reader: BodyReader) -> Steps[None]:
    """Let a reader take octets until the end; each packet restarts the time-out.

    Raises SessionEnded.
    """
    until = deadline(session)
    while not reader.ended:
        if len(session.input):
            reader.receive(session.input)
            if reader.spool.full:
                yield RunInThread(reader.spool.spill)
            if reader.ended:
                return
            if len(session.input):
                yield YIELD
                check_time(session)
            until = deadline(session)
        progress_us = reader.emitted_us + _PROGRESS_US
        if session.now_us() >= progress_us:
            _emit_progress(session, reader)
        if not len(session.input):
            yield wait_until(session, until, wake_at=progress_us)


def _emit_progress(session: Session, reader: BodyReader) -> None:
    """Emit a body that has not ended yet, flagged if its client waits in vain."""
    now_us, flags = session.now_us(), reader.inspector.flags
    if now_us >= reader.received_us + _HANGS_US and reader.hangs():
        flags.add("wrong_end_of_data")
    session.emit_exchange(*reader.exchange({"wrong_end_of_data"} & flags))
    reader.emitted_us = now_us


def cut_off(
    session: Session,
    transaction: Transaction | None,
    reader: BodyReader,
    ended: SessionEnded,
) -> Steps[None]:
    """Record the part received of a body that was cut off, and end its transaction."""
    reader.close()
    flags = set() if transaction is None else reader.fresh_flags(transaction.declared)
    session.emit_exchange(*reader.exchange(flags | {"aborted_in_data"}))
    code = None
    if ended.reply is not None:
        code = ended.reply.code
        session.exchange.ready_us = session.now_us()
        session.writer.queue(session.exchange, ended.reply)
        ended.reply = None
    if transaction is not None:
        body = None
        if reader.octets or reader.spool.size:
            body = yield from close_body(reader.spool, ended=False)
        end_transaction(session, "abandoned", code, body)
