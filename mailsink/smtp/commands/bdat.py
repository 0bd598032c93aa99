"""CHUNKING (RFC 3030): a message in chunks of announced size, taken unchanged.

The octets of a chunk follow its line at once. A refused chunk is read too, so that
client and server stay in step. No octet sequence ends a chunk, and no dot is stuffed.
"""

from __future__ import annotations

import re

from mailsink.smtp.body.reader import ChunkReader, DiscardingReader
from mailsink.smtp.commands.data import (
    answer_each,
    deliver,
    write_failed,
)
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.body_receiver import cut_off, read
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import Refusal, SessionEnded, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.transaction import Transaction
from mailsink.smtp.session.transaction_end import close_body, give_up_transaction

_ARGUMENTS = re.compile(r"([0-9]+)(?: +(.*))?")
_LARGEST = 2**63 - 1  # octets; a larger number is no valid size


def bdat(session: Session, argument: str) -> Steps[Reply]:
    """Receive a chunk; with the last one, store the message (RFC 3030 §2)."""
    size, marker = _arguments(session, argument)
    transaction = session.transaction
    assert transaction is not None  # a need
    _answer_last(session, marker)
    try:
        decided, chunks = yield from _begun(session, transaction, marker)
    except Exception as error:
        refusal = error.reply if isinstance(error, Refusal) else replies.LOCAL_ERROR
        yield from _discard(session, size, refusal)
        raise
    chunks.begin(session.chunk_line, size, session.now_us())
    yield from _receive(session, chunks, transaction, last=bool(marker))
    if marker:
        return (yield from _deliver(session, transaction, chunks, decided))
    reply = _judge(session, chunks, size)
    if reply.code >= 400:
        yield from _fail(session, transaction, reply)
        return reply
    return decided or reply


def refused_bdat(session: Session, argument: str, reply: Reply) -> Steps[Reply]:
    """Read and drop the chunk after a refused BDAT; return the reply.

    If BDAT has no valid size, return the refusal for that instead of `reply`.
    """
    try:
        size, marker = _arguments(session, argument)
    except Refusal as refusal:
        return refusal.reply
    _answer_last(session, marker)
    yield from _discard(session, size, reply)
    return reply


def _answer_last(session: Session, marker: str) -> None:
    if marker == "LAST" and session.transaction is not None:
        answer_each(session, session.transaction)


def _arguments(session: Session, argument: str) -> tuple[int, str]:
    """Return the size and the upper-case marker; raises Refusal.

    Without a size, the octets that follow are taken for commands; the flag says so.
    """
    if match := _ARGUMENTS.fullmatch(argument.rstrip(" ")):
        digits = match[1].lstrip("0") or "0"
        if len(digits) < 20 and int(digits) <= _LARGEST:
            return int(digits), (match[2] or "").upper()
    session.exchange.flags += ("bdat_desync",)
    raise Refusal(replies.NO_CHUNK if match else replies.syntax("BDAT size [LAST]"))


def _begun(
    session: Session, transaction: Transaction, marker: str
) -> Steps[tuple[Reply | None, ChunkReader]]:
    """Return the policy's reply for success, and the reader of the body.

    Raises Refusal.
    """
    if marker not in ("", "LAST"):
        raise Refusal(replies.syntax("BDAT size [LAST]"))
    decided = yield from consult(session, "bdat", transaction.asked, argument=marker)
    if transaction.chunks is None:
        begun = yield from consult(session, "data", transaction.asked)
        # Only DATA may begin a message with 354.
        if begun is not None and begun.code < 300:
            decided = decided or begun
        transaction.begun = True
        transaction.chunks = ChunkReader(
            session.profile, session.now_us(), transaction.declared.binary
        )
    return decided, transaction.chunks


def _discard(session: Session, size: int, reply: Reply) -> Steps[None]:
    """Read a refused chunk, and let its transaction fail."""
    now_us = session.now_us()
    discarded = DiscardingReader(session.profile, now_us, binary=True)
    discarded.begin(session.chunk_line, size, now_us)
    yield from _receive(session, discarded, None)
    transaction = session.transaction
    if transaction is not None and not transaction.failed:
        yield from _fail(session, transaction, reply)


def _receive(
    session: Session,
    chunks: ChunkReader,
    transaction: Transaction | None,
    last: bool = False,
) -> Steps[None]:
    """Read a chunk and emit its exchange.

    If the chunk is cut off, end the transaction and re-raise SessionEnded.
    """
    try:
        yield from read(session, chunks)
    except SessionEnded as ended:
        yield from cut_off(session, transaction, chunks, ended)
        raise
    if last:
        chunks.close()
    flags = chunks.fresh_flags(transaction.declared) if transaction else ()
    session.emit_exchange(*chunks.exchange(flags))


def _judge(session: Session, chunks: ChunkReader, size: int) -> Reply:
    """Return the reply to a chunk that is not the last."""
    spool, limit = chunks.spool, session.profile.max_message_size
    if spool.error is not None:
        return write_failed(spool.error)
    if limit and spool.size > limit:
        return replies.too_large(spool.size, limit)
    return replies.chunk_taken(size, spool.size)


def _deliver(
    session: Session,
    transaction: Transaction,
    chunks: ChunkReader,
    decided: Reply | None,
) -> Steps[Reply]:
    flags = chunks.flags(transaction.declared)
    body = yield from close_body(chunks.spool, ended=True)
    received = chunks.received(body, flags)
    return (yield from deliver(session, transaction, received, decided))


def _fail(session: Session, transaction: Transaction, reply: Reply) -> Steps[None]:
    """End a transaction, but keep it: pipelined commands are refused until RSET."""
    yield from give_up_transaction(session, "rejected", reply.code)
    transaction.begun = transaction.failed = True
    session.transaction = transaction
