"""Runs a session: the greeting, the commands one by one, the end."""

from __future__ import annotations

import logging
import re

from mailsink.ports import Stage
from mailsink.smtp.commands.table import COMMANDS, NOT_OFFERED, Command, Outcome
from mailsink.smtp.profile import within
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import (
    Ending,
    ExchangeKind,
    SessionClosed,
    SessionOpened,
)
from mailsink.smtp.protocol.grammar import shown
from mailsink.smtp.protocol.input_buffer import Line
from mailsink.smtp.protocol.masking import MASK, redacted
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import Refusal, SessionEnded, Steps
from mailsink.smtp.session.greeting import greeting
from mailsink.smtp.session.line_input import read_line
from mailsink.smtp.session.proxy import take_header
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.shaped_replies import send_reply
from mailsink.smtp.session.tls_handshake import (
    begin_in_tls,
    note_tls_needed,
    record_tls_disconnect,
)
from mailsink.smtp.session.transaction_end import give_up_transaction
from mailsink.smtp.session.wrong_protocol import refuse_wrong_protocol
from mailsink.smtp.turned_session import deliver_on
from mailsink.text import readable

log = logging.getLogger("mailsink.smtp")

_KINDS: dict[str, ExchangeKind] = {"AUTH": "auth", "BDAT": "chunk"}  # others: "command"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def run_session(session: Session) -> Steps[None]:
    """Run the whole session."""
    peer = session.peer
    session.emit(
        SessionOpened(
            session.id,
            peer.listener,
            peer.client_address,
            peer.client_port,
            peer.opened_at,
            session.protocol,
            listener_kind=session.profile.listener_kind,
        )
    )
    session.ending = yield from _until_ended(session)
    yield from give_up_transaction(session, "abandoned")
    session.writer.flush()
    note_tls_needed(session)
    if session.tls is not None:
        session.tls.close()
    session.emit(SessionClosed(session.id, session.now_us(), session.ending))


def _until_ended(session: Session) -> Steps[Ending]:
    try:
        yield from _greet(session)
        while True:
            line = yield from read_line(session)
            if (yield from _handle(session, line)):
                return (yield from deliver_on(session)) if session.turned else "quit"
    except SessionEnded as ended:
        record_tls_disconnect(session, ended)
        _take_leave(session, ended)
        return ended.ending
    except Exception:
        log.exception("session %s had to be closed", session.id)
        _take_leave(session, SessionEnded("error", "Mailsink failed.", replies.BROKEN))
        return "error"


def _take_leave(session: Session, ended: SessionEnded) -> None:
    """Send the client the reason for the end, unless the client ended the session."""
    if ended.reply is not None and not session.lost:
        now = session.now_us()
        session.begin_exchange("notice", "", ended.notice, 0, now)
        session.exchange.ready_us = now
        session.writer.queue(session.exchange, ended.reply)


def _greet(session: Session) -> Steps[None]:
    profile, connected_us = session.profile, 0
    if within(session.peer.client_address, profile.proxy_from):
        yield from take_header(session)
    session.admit()
    if profile.implicit_tls and profile.tls is not None:
        yield from begin_in_tls(session, profile.tls)
        connected_us = session.now_us()
    session.begin_exchange("connect", "", "", 0, connected_us)
    yield from send_reply(session, (yield from greeting(session)))


def _handle(session: Session, line: Line) -> Steps[bool]:
    """Answer one command line; return whether it ends the session."""
    verb, argument, wrong = _words(session, line)
    command = COMMANDS.get(verb)
    if command is None and not session.helo:
        yield from refuse_wrong_protocol(session, line)
    known = command is not None or verb in NOT_OFFERED
    text = _begin(session, line, verb if known else "")
    if verb != "AUTH" and text != readable(line.content):
        verb, argument = _split(text)  # keep the secret from replies, facts and rules
    outcome: Outcome
    reply: Reply | None
    try:
        if command is None:
            outcome = _unknown(session, verb, known, wrong)
        else:
            outcome = _perform(session, command, argument, wrong)
        reply = outcome if isinstance(outcome, Reply) else (yield from outcome)
    except Refusal as refused:
        reply = refused.reply
    except SessionEnded:
        raise
    except Exception:
        log.exception("session %s: %s failed", session.id, session.exchange.verb)
        reply = replies.LOCAL_ERROR
    if reply is None:
        return False
    if verb == "RCPT" and reply.code < 300:
        session.expects_secret = False  # mail continues: the client is in step again
    if session.exchange.ruled:
        yield from send_reply(session, reply)
    else:  # by far the most common case: avoid the cost of a generator
        session.send_reply_now(reply)
        if reply.code == 421:
            raise SessionEnded("refused")
    if session.profile.max_errors:
        _count_errors(session, reply)
    return command is not None and command.ends and reply.code < 300


def _count_errors(session: Session, reply: Reply) -> None:
    """End a session after too many client errors in a row; raises SessionEnded.

    4yz is not the client's error. RFC 5321 §3.8 permits this only with 421.
    """
    if 400 <= reply.code < 500:
        return
    session.errors_in_a_row = session.errors_in_a_row + 1 if reply.code >= 500 else 0
    most = session.profile.max_errors
    if session.errors_in_a_row >= most:
        notice = f"The client made {most} errors in a row."
        raise SessionEnded("refused", notice, replies.too_many_errors(most))


def _words(session: Session, line: Line) -> tuple[str, str, Reply | None]:
    """Return the upper-case verb, its argument, and the refusal of a malformed line."""
    try:
        text = line.content.decode()
        wrong = None
    except UnicodeDecodeError:
        text = line.content.decode("utf-8", "replace")
        wrong = replies.NOT_UTF8
    if not text.isprintable():
        text = text.replace("\t", " ")
        if control := _CONTROL.search(text):
            nul = control[0] == "\0"
            wrong = replies.NUL_IN_LINE if nul else replies.CONTROL_IN_LINE
    verb, argument = _split(text)
    if line.too_long:
        auth = verb == "AUTH"
        wrong = replies.AUTH_LINE_TOO_LONG if auth else replies.LINE_TOO_LONG
    elif line.bare_lf and session.profile.bare_newlines == "reject":
        wrong = replies.BARE_LF
    return verb, argument, wrong


def _split(text: str) -> tuple[str, str]:
    """Return the upper-case verb of a line, and its argument."""
    verb, _, argument = text.strip(" ").partition(" ")
    if verb.isascii():  # upper() would turn a dotless i into an ASCII letter
        verb = verb.upper()
    return verb, argument.lstrip(" ")


def _begin(session: Session, line: Line, verb: str) -> str:
    """Begin the exchange of a command line; return the line with its secrets masked."""
    flags: tuple[str, ...] = ("bare_lf_command",) if line.bare_lf else ()
    if b"\0" in line.content:
        flags += ("nul_octet",)
    text = _redacted(session, line.content, verb)
    kind = _KINDS.get(verb, "command")
    octets = 0 if kind == "chunk" else line.octets
    flags = session.begin_exchange(kind, verb, text, octets, line.received_us, flags)
    if kind == "chunk":
        session.chunk_line = text, flags, line.received_us
    return text


def _redacted(session: Session, content: bytes, verb: str) -> str:
    """Return a command line for the record, with its secrets masked.

    After a login, successful or not, a line that is no command may be a late response,
    encoded or not. That ends when a recipient is accepted; MAIL alone may still come
    from a client that is out of step.
    """
    text, login = redacted(content, bool(verb))
    if login:
        session.expects_secret = True
    elif session.expects_secret and not verb and content not in (b"", b"*"):
        return MASK
    return text


def _unknown(
    session: Session, verb: str, known: bool, wrong: Reply | None
) -> Steps[Reply]:
    """Return the reply to a verb that is not in the table."""
    if wrong is not None:
        return wrong
    yield from consult(session, "any")
    if known:
        return replies.not_offered(verb)
    if not verb:
        return replies.EMPTY_LINE
    if session.expects_secret:
        return replies.UNKNOWN_COMMAND  # does not repeat a secret
    return replies.unknown_command(shown(verb))


def _refusal(session: Session, command: Command, argument: str) -> Reply | None:
    """Return the refusal of a command that may not come now, or None.

    Only this function checks that.
    """
    verb, profile = session.exchange.verb, session.profile
    if profile.require_tls and session.tls is None and command.access != "anyone":
        return replies.TLS_FIRST  # RFC 3207 §4
    if profile.require_auth and session.user is None and command.access == "login":
        return replies.AUTH_REQUIRED  # RFC 4954 §6
    if command.keyword in profile.hidden:
        return replies.not_offered(verb)
    if command.protocol not in (None, profile.protocol):
        return replies.LHLO_ON_SMTP if verb == "LHLO" else replies.says_lhlo(verb)
    if command.unavailable and (refusal := command.unavailable(session)):
        return refusal
    if argument and command.syntax == verb:
        return replies.syntax(verb)
    for need in command.needs:
        if refusal := need.refusal(session):
            return refusal
    return None


def _perform(
    session: Session, command: Command, argument: str, wrong: Reply | None
) -> Outcome:
    """Refuse a command, or carry it out. wrong: the refusal of a malformed line."""
    refusal = wrong or _refusal(session, command, argument)
    if refusal is not None:
        refused = command.refused
        return refused(session, argument, refusal) if refused else refusal
    if command.stage is None:
        return command.handler(session, argument)
    return _consult_and_perform(session, command, command.stage, argument)


def _consult_and_perform(
    session: Session, command: Command, stage: Stage, argument: str
) -> Steps[Reply | None]:
    """Ask the policy, then carry out the command; the policy's reply replaces success.

    Only 2yz is a success for a command that ends the session: no client reverses roles
    after 3yz.
    """
    asked = stage == "helo" and session.host.asks(argument)
    decided = yield from consult(session, stage, asked, argument=argument)
    if decided is not None and decided.code >= 300 and command.ends:
        return decided
    outcome = command.handler(session, argument)
    reply = outcome if isinstance(outcome, Reply) else (yield from outcome)
    if reply is None or decided is None or reply.code >= 400:
        return reply
    return decided
