"""Sends a reply the way a rule asks for: later, in pieces, damaged, or never."""

from __future__ import annotations

from mailsink.ports import Decision
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session import shaping
from mailsink.smtp.session.effects import NEED_INPUT, SessionEnded, Steps
from mailsink.smtp.session.exchange import Exchange
from mailsink.smtp.session.session import NEVER, SECOND, Session
from mailsink.smtp.session.session_time import deadline, stopping, wait_until


def send_reply(session: Session, reply: Reply) -> Steps[None]:
    """Send the reply to the current exchange, with or without a rule.

    Raises SessionEnded.
    """
    exchange = session.exchange
    if not exchange.ruled:
        session.send_reply_now(reply)
        return
    ready_us = session.now_us()
    seconds, exchange.delay = exchange.delay, 0.0
    if seconds:
        yield from _delay(session, exchange, seconds)
    if exchange.shaped is not None and exchange.shaped.shapes:
        exchange.ready_us = ready_us
        yield from _send_shaped(session, reply, exchange.shaped)
    else:
        session.send_reply_now(reply, ready_us)
    if reply.code == 421:
        raise SessionEnded("refused")


def _send_shaped(session: Session, reply: Reply, decision: Decision) -> Steps[None]:
    """Send a reply as a rule damages it, or keep it back; raises SessionEnded."""
    if decision.stall or decision.close == "before":
        session.writer.drop(session.exchange, reply)
        if decision.stall:
            yield from _stall(session)
    else:
        yield from _send_spoilt(session, reply, decision)
    if decision.close:
        session.resets = decision.resets
        raise SessionEnded("refused")


def _send_spoilt(session: Session, reply: Reply, decision: Decision) -> Steps[None]:
    """Write a reply in pieces, after the waiting ones."""
    exchange, writer = session.exchange, session.writer
    session.note_what_came(exchange, reply)
    writer.flush()
    written = True
    lines, octets = writer.spoilt(exchange, reply, decision)
    for piece, seconds in shaping.pieces(octets, decision.drip):
        yield from _delay(session, exchange, seconds)
        written = writer.write(piece)
    writer.record(exchange, reply, lines, written)


def _stall(session: Session) -> Steps[None]:
    """Keep the client waiting until it leaves or its time is up; raises SessionEnded."""
    began, until = session.now_us(), deadline(session)
    while session.now_us() < until:
        if session.draining:
            raise stopping()
        yield wait_until(session, NEVER, wake_at=until)
    seconds = (session.now_us() - began) // SECOND
    notice = f"A rule kept the reply back for {seconds} seconds."
    raise SessionEnded("timeout", notice, replies.kept_back(seconds))


def _delay(session: Session, exchange: Exchange, seconds: float) -> Steps[None]:
    """Wait for some seconds, unless the session must end sooner."""
    began = session.now_us()
    until = min(began + int(seconds * SECOND), session.session_us)
    while session.now_us() < until and not (
        session.lost or session.stop_now or session.gave_way_after
    ):
        session.wake_at = until
        yield NEED_INPUT
    exchange.delayed_us += session.now_us() - began
