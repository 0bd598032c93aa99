"""The body coming in: read to CRLF.CRLF or to where it was cut off, held, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mailsink.smtp.body import Framer, Inspector, Store
from mailsink.smtp.events import Body
from mailsink.smtp.wishes import BREATHE, Ended, OffLoop, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine
    from mailsink.smtp.transaction import Transaction

_PIECE = 256 * 1024  # octets handled before the other sessions get their turn
_PROGRESS_US = 500_000  # between two looks at a growing body
_BEYOND = 1024 * 1024  # octets kept beyond the largest size, to show what was refused


class Reception(NamedTuple):
    """A body as it came."""

    size: int  # of the whole body, kept or not
    flags: frozenset[str]
    body: Body | None  # None where it could not be written
    error: OSError | None  # why


class _Incoming:
    """A body while it comes."""

    __slots__ = ("_inspector", "framer", "octets", "received_us", "store", "told_us")

    def __init__(self, machine: Machine) -> None:
        profile = machine.profile
        limit = profile.max_message_size
        self.framer = Framer()
        self._inspector = Inspector()
        self.store = Store(
            limit and limit + _BEYOND, profile.spool_threshold, profile.spool_dir
        )
        self.octets = 0  # on the wire
        self.received_us = machine.now_us()
        self.told_us = self.received_us

    def take(self, machine: Machine) -> None:
        """Use what is in the buffer, up to a piece."""
        octets = machine.buffer.peek(_PIECE)
        piece, used = self.framer.feed(octets)
        self._inspector.look(piece)
        self.store.add(piece.content)
        self.octets += used
        self.received_us = machine.buffer.use(used)

    def cut_off(self) -> None:
        """No more will come."""
        piece = self.framer.rest()
        self._inspector.look(piece)
        self.store.add(piece.content)

    def flags(self, transaction: Transaction) -> frozenset[str]:
        flags = self._inspector.flags
        if transaction.eightbit:
            flags.discard("eightbit_in_7bit")
        # Many a client counts without the CRLF that it must end the body with.
        if transaction.declared and self.store.size > transaction.declared + 2:
            flags.add("size_mismatch")
        return frozenset(flags)


def receive_body(machine: Machine, transaction: Transaction) -> Steps[Reception]:
    """Read a body and tell it; where it is cut off, end the transaction and re-raise."""
    incoming = _Incoming(machine)
    machine.open_silently("body")
    try:
        yield from _read(machine, incoming)
    except Ended as ended:
        yield from _cut_off(machine, transaction, incoming, ended)
        raise
    flags = incoming.flags(transaction)
    machine.tell("", incoming.octets, incoming.received_us, tuple(sorted(flags)))
    body = yield from _close(incoming.store, ended=True)
    return Reception(incoming.store.size, flags, body, incoming.store.error)


def _read(machine: Machine, incoming: _Incoming) -> Steps[None]:
    """Take octets until the body's end; the clock starts anew whenever some came."""
    until = machine.deadline()
    while True:
        if len(machine.buffer):
            incoming.take(machine)
            if incoming.framer.ended:
                return
            if incoming.store.full:
                yield OffLoop(incoming.store.spill)
            elif len(machine.buffer):
                yield BREATHE
            until = machine.deadline()
        progress_us = incoming.told_us + _PROGRESS_US
        if machine.now_us() >= progress_us:
            machine.tell("", incoming.octets, incoming.received_us)
            incoming.told_us = machine.now_us()
        if not len(machine.buffer):
            yield machine.more(until, wake_at=progress_us)


def _cut_off(
    machine: Machine, transaction: Transaction, incoming: _Incoming, ended: Ended
) -> Steps[None]:
    """Hand over what came of a body whose end will not come."""
    incoming.cut_off()
    flags = incoming.flags(transaction) | {"aborted_in_data"}
    machine.tell("", incoming.octets, incoming.received_us, tuple(sorted(flags)))
    code = None
    if ended.reply is not None:
        code = ended.reply.code
        machine.current.ready_us = machine.now_us()
        machine.outlet.owe(machine.current, ended.reply)
        ended.reply = None
    body = None
    if incoming.octets:
        body = yield from _close(incoming.store, ended=False)
    transaction.end(machine, "abandoned", code, body)


def _close(store: Store, ended: bool) -> Steps[Body | None]:
    """Return the body, synced where it is in a file; None after a write error."""
    if store.spooled:
        yield OffLoop(store.sync)
    return None if store.error is not None else store.body(ended)
