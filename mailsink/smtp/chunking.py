"""CHUNKING (RFC 3030): a message in chunks of announced size, taken as it is.

The octets of a chunk follow its line at once, and are used up whatever the reply: who
refuses a chunk reads it first. Nothing in it is looked at for an end or for dots.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from mailsink.smtp import replies
from mailsink.smtp.body import Piece
from mailsink.smtp.delivery import (
    answer_each,
    check_recipients,
    deliver,
    write_failed,
)
from mailsink.smtp.reception import PIECE, Incoming, closed, cut_off, read
from mailsink.smtp.replies import Reply
from mailsink.smtp.transaction import Transaction
from mailsink.smtp.wishes import Ended, Refusal, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

_ARGUMENTS = re.compile(r"([0-9]+)(?: +(.*))?")
_LARGEST = 2**63 - 1  # octets; what says more is no number of octets


class Chunks(Incoming):
    """A body in chunks; the exchange is that of the chunk which was begun last."""

    __slots__ = ("_binary", "_held", "_left", "_line", "_line_flags", "_told_flags")

    def __init__(self, machine: Machine, binary: bool) -> None:
        """binary: as BODY=BINARYMIME announced, so that no octet of it is odd."""
        super().__init__(machine)
        self._binary = binary
        self._left = 0
        self._line = ""
        self._line_flags: tuple[str, ...] = ()
        self._held = b"\r\n"  # before the first line, to have it seen as one
        self._told_flags: set[str] = set()

    def begin(self, machine: Machine, size: int) -> None:
        """Expect the next chunk, whose line is the current exchange."""
        self._line, self._line_flags, self.received_us = machine.chunk_line
        self.told_us = machine.now_us()
        self.octets = 0
        self._left = size
        self.ended = not size

    def take(self, machine: Machine) -> None:
        octets = machine.buffer.peek(min(PIECE, self._left))
        self.add(octets)
        self.octets += len(octets)
        self._left -= len(octets)
        self.received_us = machine.buffer.use(len(octets))
        self.ended = not self._left

    def add(self, octets: bytes) -> None:
        """Have octets be a part of the body."""
        self.store.add(octets)
        if self._binary:
            self.inspector.look_at_header(octets)
            return
        first = self.store.size == len(octets)
        wire = self._held + octets
        # CRLF may be cut in two, by a packet or by the end of a chunk
        self._held = b"\r" if wire.endswith(b"\r") else b""
        wire = wire[: len(wire) - len(self._held)]
        self.inspector.look(Piece(wire, wire[2:] if first else wire))

    def close(self) -> None:
        held, self._held = self._held, b""
        if held == b"\r":
            self.inspector.look(Piece(held, held))

    def tell(self, machine: Machine, flags: Collection[str] = ()) -> None:
        """Tell the exchange of the chunk, which keeps its line and flags."""
        flags = (*self._line_flags, *sorted(flags))
        machine.tell(self._line, self.octets, self.received_us, flags)

    def fresh_flags(self, transaction: Transaction) -> set[str]:
        """Only what came to light with this chunk."""
        fresh = self.flags(transaction) - self._told_flags
        self._told_flags |= fresh
        return fresh


class _Discarded(Chunks):
    """A chunk that is only read."""

    __slots__ = ()

    def add(self, octets: bytes) -> None:
        pass


def bdat(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 3030 §2: a chunk, and the reply to it; to the last one, that to the message."""
    size, marker = _arguments(machine, argument)
    if marker == "LAST" and machine.transaction is not None:
        answer_each(machine, machine.transaction)
    try:
        transaction, chunks = yield from _admitted(machine, marker)
    except Exception as error:
        refusal = error.reply if isinstance(error, Refusal) else replies.LOCAL_ERROR
        yield from _discard(machine, size, refusal)
        raise
    chunks.begin(machine, size)
    yield from _receive(machine, chunks, transaction, last=bool(marker))
    if marker:
        return (yield from _deliver(machine, transaction, chunks))
    reply = _judge(machine, chunks, size)
    if reply.code >= 400:
        yield from _fail(machine, transaction, reply)
    return reply


def refuse(machine: Machine, argument: str, reply: Reply) -> Steps[None]:
    """Refuse a line of BDAT that is wrong in itself, in step with its octets.

    Raises Refusal always.
    """
    size, _ = _arguments(machine, argument)
    yield from _discard(machine, size, reply)
    raise Refusal(reply)


def _arguments(machine: Machine, argument: str) -> tuple[int, str]:
    """Return the size and the upper-case marker; raises Refusal.

    Without a size what follows will be taken for commands.
    """
    if match := _ARGUMENTS.fullmatch(argument.rstrip(" ")):
        digits = match[1].lstrip("0") or "0"
        if len(digits) < 20 and int(digits) <= _LARGEST:
            return int(digits), (match[2] or "").upper()
    machine.current.flags += ("bdat_desync",)
    raise Refusal(replies.NO_CHUNK if match else replies.syntax("BDAT size [LAST]"))


def _admitted(machine: Machine, marker: str) -> Steps[tuple[Transaction, Chunks]]:
    """Return what the chunk belongs to; raises Refusal."""
    transaction = machine.transaction
    if "CHUNKING" in machine.profile.hidden:
        raise Refusal(replies.not_offered("BDAT"))
    if not machine.extended:
        raise Refusal(machine.hello_missing())
    if transaction is None:
        raise Refusal(replies.out_of_order("MAIL"))
    if transaction.failed:
        raise Refusal(replies.out_of_order("RSET"))
    if marker not in ("", "LAST"):
        raise Refusal(replies.syntax("BDAT size [LAST]"))
    check_recipients(machine, transaction)
    if transaction.chunks is None:
        yield from machine.consult("data")
        transaction.begun = True
        transaction.chunks = Chunks(machine, transaction.binary)
    return transaction, transaction.chunks


def _discard(machine: Machine, size: int, reply: Reply) -> Steps[None]:
    """Read a chunk that is refused, and let its transaction fail."""
    discarded = _Discarded(machine, binary=True)
    discarded.begin(machine, size)
    yield from _receive(machine, discarded, None)
    transaction = machine.transaction
    if transaction is not None and not transaction.failed:
        yield from _fail(machine, transaction, reply)


def _receive(
    machine: Machine,
    chunks: Chunks,
    transaction: Transaction | None,
    last: bool = False,
) -> Steps[None]:
    """Read a chunk and tell it; where it is cut off, end the transaction and re-raise."""
    try:
        yield from read(machine, chunks)
    except Ended as ended:
        yield from cut_off(machine, transaction, chunks, ended)
        raise
    if last:
        chunks.close()
    chunks.tell(machine, chunks.fresh_flags(transaction) if transaction else ())


def _judge(machine: Machine, chunks: Chunks, size: int) -> Reply:
    """The reply to a chunk that is not the last."""
    store, limit = chunks.store, machine.profile.max_message_size
    if store.error is not None:
        return write_failed(store.error)
    if limit and store.size > limit:
        return replies.too_large(store.size, limit)
    return replies.chunk_taken(size, store.size)


def _deliver(
    machine: Machine, transaction: Transaction, chunks: Chunks
) -> Steps[Reply]:
    flags = chunks.flags(transaction)
    body = yield from closed(chunks.store, ended=True)
    reception = chunks.reception(body, flags)
    return (yield from deliver(machine, transaction, reception))


def _fail(machine: Machine, transaction: Transaction, reply: Reply) -> Steps[None]:
    """End a transaction, yet keep it: until RSET all that is in the pipeline is refused."""
    yield from transaction.give_up(machine, "rejected", reply.code)
    transaction.begun = transaction.failed = True
    machine.transaction = transaction
