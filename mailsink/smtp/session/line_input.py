"""Reads the lines of a client one by one, and limits how many a session may send.

A session that has sent much yields to other sessions, and to a recorder that is full.
"""

from __future__ import annotations

from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.input_buffer import Line
from mailsink.smtp.protocol.other_protocols import TLS_HANDSHAKE
from mailsink.smtp.session.effects import YIELD, SessionEnded, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.session_time import (
    check_time,
    deadline,
    stopping,
    wait_until,
)

# Lines of a session before it yields.
_LINES_AT_ONCE = 50
_OCTETS_AT_ONCE = 8 * 1024  # of those lines: a long one can cost as much as many others
_LINES_IN_A_CROWD = 5  # already received at once: a client in step sends fewer
# Lines still read after a client is gone: a message sent in one go is kept.
_LINES_AFTER_LOSS = 100
_TLS_ON_PLAIN = (
    "The client began TLS on a port that speaks plain SMTP; in nodemailer set "
    "secure: false, in other clients turn SSL/TLS (SMTPS) off for this port."
)


def read_line(session: Session) -> Steps[Line]:
    """Return the next line; raises SessionEnded."""
    until, pace = 0, session.pace
    while True:
        if session.input.startswith(TLS_HANDSHAKE) and session.tls is None:
            _refuse_tls(session)
        if session.draining and (
            session.transaction is None or session.transaction.failed
        ):
            raise stopping()
        if not session.output_blocked and (line := session.input.line()) is not None:
            break
        until = until or deadline(session)
        pace.burst = 0
        yield wait_until(session, until)
    _check_amount(session)
    if session.lost:
        _check_loss(session)
    pace.lines += 1
    pace.octets += line.octets
    pace.burst += 1
    in_a_crowd = pace.burst > _LINES_IN_A_CROWD and session.host.crowded()
    if in_a_crowd or pace.lines > _LINES_AT_ONCE or pace.octets > _OCTETS_AT_ONCE:
        pace.lines = pace.octets = pace.burst = 0
        yield YIELD
        check_time(session)
    return line


def _refuse_tls(session: Session) -> None:
    """End the session: its client began TLS on a plain port. Raises SessionEnded."""
    octets = len(session.input)
    received_us = session.input.use(octets)
    flags = ("tls_on_plain",)
    session.begin_exchange("tls", "", _TLS_ON_PLAIN, octets, received_us, flags)
    session.send_reply_now(replies.TLS_ON_PLAIN)
    raise SessionEnded("refused")


def _check_loss(session: Session) -> None:
    """Count a line of a client that is gone; raise SessionEnded at the limit."""
    session.pace.lines_after_loss += 1
    if session.pace.lines_after_loss > _LINES_AFTER_LOSS:
        octets = len(session.input)
        session.discard_input()
        notice = f"The connection was lost; {octets} octets before that were not read."
        session.begin_exchange("notice", "", notice, octets, session.now_us())
        raise SessionEnded("dropped")


def _check_amount(session: Session) -> None:
    """Count a line, which the recorder stores as a row.

    Raises SessionEnded if the session has more commands or transcript than is stored.
    """
    session.command_count += 1
    most = session.profile.max_commands
    if 0 < most < session.command_count:
        notice = f"The client sent more than {most} commands in this session."
        raise SessionEnded("refused", notice, replies.too_many_commands(most))
    most = session.profile.max_transcript
    if 0 < most < session.transcript_octets + session.writer.transcript_octets:
        notice = f"The transcript of this session has more than {most} octets."
        raise SessionEnded("refused", notice, replies.transcript_too_long(most))
