"""The body coming in: read to its end or to where it was cut off, held, and told."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from mailsink.smtp.body import Framer, Inspector, Store
from mailsink.smtp.events import Body
from mailsink.smtp.wishes import BREATHE, Ended, OffLoop, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine
    from mailsink.smtp.transaction import Transaction

PIECE = 256 * 1024  # octets handled before the other sessions get their turn
_PROGRESS_US = 500_000  # between two looks at a growing body
_HANGS_US = 1_000_000  # of silence behind a wrong end: the client waits for a reply
_BEYOND = 1024 * 1024  # octets kept beyond the largest size, to show what was refused


class Reception(NamedTuple):
    """A body as it came."""

    size: int  # of the whole body, kept or not
    flags: frozenset[str]
    overlong: bool  # it holds a line longer than the profile permits
    body: Body | None  # None where it could not be written
    error: OSError | None  # why


class Incoming:
    """A body while it comes; who inherits knows where it ends.

    octets, received_us and what is told are of the exchange that brings it.
    """

    __slots__ = ("ended", "inspector", "octets", "received_us", "store", "told_us")

    def __init__(self, machine: Machine) -> None:
        profile = machine.profile
        limit = profile.max_message_size
        self.inspector = Inspector(profile.max_text_line)
        self.store = Store(
            limit and limit + _BEYOND, profile.spool_threshold, profile.spool_dir
        )
        self.ended = False
        self.octets = 0  # on the wire
        self.received_us = machine.now_us()
        self.told_us = self.received_us

    def take(self, machine: Machine) -> None:
        """Use what is in the buffer, up to a piece; `ended` may be set."""
        raise NotImplementedError

    def close(self) -> None:
        """No more will come."""
        raise NotImplementedError

    def hangs(self) -> bool:
        """Whether the client seems to take for the end what is none."""
        return False

    def flags(self, transaction: Transaction) -> set[str]:
        """What is odd about the body so far, given what was said of it at MAIL."""
        flags = self.inspector.flags
        if transaction.eightbit:
            flags.discard("eightbit_in_7bit")
        if transaction.smtputf8:
            flags.discard("eightbit_header")
        # Many a client counts without the CRLF that it must end the body with.
        if transaction.declared and self.store.size > transaction.declared + 2:
            flags.add("size_mismatch")
        return flags

    def fresh_flags(self, transaction: Transaction) -> set[str]:
        """What of it is to be told with this exchange."""
        return self.flags(transaction)

    def reception(self, body: Body | None, flags: Collection[str]) -> Reception:
        """Return what came, now that its end has."""
        store = self.store
        return Reception(
            store.size, frozenset(flags), self.inspector.overlong, body, store.error
        )

    def tell(self, machine: Machine, flags: Collection[str] = ()) -> None:
        """Tell the exchange as it stands now."""
        machine.tell("", self.octets, self.received_us, tuple(sorted(flags)))


class _Dotted(Incoming):
    """A body that CRLF.CRLF ends (RFC 5321 §4.1.1.4)."""

    __slots__ = ("_framer",)

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._framer = Framer()

    def take(self, machine: Machine) -> None:
        piece, used = self._framer.feed(machine.buffer.peek(PIECE))
        self.inspector.look(piece)
        self.store.add(piece.content)
        self.octets += used
        self.received_us = machine.buffer.use(used)
        self.ended = self._framer.ended

    def flags(self, transaction: Transaction) -> set[str]:
        flags = super().flags(transaction)
        if self._framer.undoubled:
            flags.add("dot_not_doubled")
        return flags

    def hangs(self) -> bool:
        return self.inspector.ends_wrongly(self._framer.held)

    def close(self) -> None:
        if not self.ended:
            piece = self._framer.rest()
            self.inspector.look(piece)
            self.store.add(piece.content)


def receive_body(machine: Machine, transaction: Transaction) -> Steps[Reception]:
    """Read a body and tell it; where it is cut off, end the transaction and re-raise."""
    incoming = _Dotted(machine)
    machine.open_silently("body")
    try:
        yield from read(machine, incoming)
    except Ended as ended:
        yield from cut_off(machine, transaction, incoming, ended)
        raise
    flags = incoming.flags(transaction)
    incoming.tell(machine, flags)
    body = yield from closed(incoming.store, ended=True)
    return incoming.reception(body, flags)


def read(machine: Machine, incoming: Incoming) -> Steps[None]:
    """Take octets until the end; the clock starts anew whenever some came."""
    until = machine.deadline()
    while not incoming.ended:
        if len(machine.buffer):
            incoming.take(machine)
            if incoming.store.full:
                yield OffLoop(incoming.store.spill)
            if incoming.ended:
                return
            if len(machine.buffer):
                yield BREATHE
                machine.check_time()
            until = machine.deadline()
        progress_us = incoming.told_us + _PROGRESS_US
        if machine.now_us() >= progress_us:
            _tell_progress(machine, incoming)
        if not len(machine.buffer):
            yield machine.more(until, wake_at=progress_us)


def _tell_progress(machine: Machine, incoming: Incoming) -> None:
    """Tell a body that has not ended yet; of one that hangs, why."""
    now_us, flags = machine.now_us(), incoming.inspector.flags
    if now_us >= incoming.received_us + _HANGS_US and incoming.hangs():
        flags.add("wrong_end_of_data")
    incoming.tell(machine, {"wrong_end_of_data"} & flags)
    incoming.told_us = now_us


def cut_off(
    machine: Machine,
    transaction: Transaction | None,
    incoming: Incoming,
    ended: Ended,
) -> Steps[None]:
    """Hand over what came of a body whose end will not come."""
    incoming.close()
    flags = incoming.fresh_flags(transaction) if transaction is not None else set()
    incoming.tell(machine, flags | {"aborted_in_data"})
    code = None
    if ended.reply is not None:
        code = ended.reply.code
        machine.current.ready_us = machine.now_us()
        machine.outlet.owe(machine.current, ended.reply)
        ended.reply = None
    if transaction is not None:
        body = None
        if incoming.octets or incoming.store.size:
            body = yield from closed(incoming.store, ended=False)
        transaction.end(machine, "abandoned", code, body)


def closed(store: Store, ended: bool) -> Steps[Body | None]:
    """Return the body, synced where it is in a file; None after a write error."""
    if store.spooled:
        yield OffLoop(store.sync)
    return None if store.error is not None else store.body(ended)
