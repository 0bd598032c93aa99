"""How a session goes: greeting, commands one by one, leave-taking."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from mailsink.smtp import chunking, replies
from mailsink.smtp.commands import (
    AFTER_AUTH,
    AFTER_TLS,
    COMMANDS,
    NOT_OFFERED,
    Command,
)
from mailsink.smtp.events import Ending, Kind, SessionClosed, SessionOpened
from mailsink.smtp.grammar import shown
from mailsink.smtp.greeting import greeting
from mailsink.smtp.intruders import refuse_intruder
from mailsink.smtp.masking import MASK, told
from mailsink.smtp.profile import within
from mailsink.smtp.proxy import take_header
from mailsink.smtp.replies import Reply
from mailsink.smtp.tls.starttls import begin_in_tls, note_need, tell_parting
from mailsink.smtp.wire import Line
from mailsink.smtp.wishes import Ended, Refusal, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

log = logging.getLogger("mailsink.smtp")

_KINDS: dict[str, Kind] = {"AUTH": "auth", "BDAT": "chunk"}  # others: "command"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def converse(machine: Machine) -> Steps[None]:
    """Hold the whole session."""
    peer = machine.peer
    machine.record(
        SessionOpened(
            machine.session,
            peer.listener,
            peer.client_address,
            peer.client_port,
            peer.opened_at,
            machine.protocol,
            door=machine.profile.door,
        )
    )
    machine.ending = yield from _until_ended(machine)
    if machine.transaction is not None:
        yield from machine.transaction.give_up(machine, "abandoned")
    machine.outlet.flush()
    note_need(machine)
    if machine.tls is not None:
        machine.tls.close()
    machine.record(SessionClosed(machine.session, machine.now_us(), machine.ending))


def _until_ended(machine: Machine) -> Steps[Ending]:
    try:
        yield from _greet(machine)
        while True:
            line = yield from machine.read_line()
            if (yield from _handle(machine, line)):
                return "quit"
    except Ended as ended:
        tell_parting(machine, ended)
        _take_leave(machine, ended)
        return ended.ending
    except Exception:
        log.exception("session %s had to be closed", machine.session)
        _take_leave(machine, Ended("error", "Mailsink failed.", replies.BROKEN))
        return "error"


def _take_leave(machine: Machine, ended: Ended) -> None:
    """Tell the client why, where it did not end the session itself."""
    if ended.reply is not None and not machine.lost:
        now = machine.now_us()
        machine.open("notice", "", ended.notice, 0, now)
        machine.current.ready_us = now
        machine.outlet.owe(machine.current, ended.reply)


def _greet(machine: Machine) -> Steps[None]:
    profile, connected_us = machine.profile, 0
    if within(machine.peer.client_address, profile.proxy_from):
        yield from take_header(machine)
    machine.admit()
    if profile.implicit_tls and profile.tls is not None:
        yield from begin_in_tls(machine, profile.tls)
        connected_us = machine.now_us()
    machine.open("connect", "", "", 0, connected_us)
    yield from machine.answer((yield from greeting(machine)))


def _handle(machine: Machine, line: Line) -> Steps[bool]:
    """Answer one command line; return whether it ends the session."""
    verb, argument, wrong = _words(machine, line)
    command = COMMANDS.get(verb)
    reply: Reply | None
    if command is None and not machine.helo:
        yield from refuse_intruder(machine, line)
    known = command is not None or verb in NOT_OFFERED
    if command is not None and command.keyword in machine.profile.hidden:
        command = None if verb != "BDAT" else command  # which stays in step, itself
    _open(machine, line, verb if known else "")
    wrong = wrong or _too_early(machine, verb)
    try:
        if wrong is not None:
            if verb == "BDAT":
                yield from chunking.refuse(machine, argument, wrong)
            raise Refusal(wrong)
        if command is None:
            reply = yield from _unknown(machine, verb, known)
        else:
            reply = yield from _perform(machine, command, argument)
    except Refusal as refusal:
        reply, command = refusal.reply, None
    except Ended:
        raise
    except Exception:
        log.exception("session %s: %s failed", machine.session, machine.current.verb)
        reply, command = replies.LOCAL_ERROR, None
    if reply is None:
        return False
    if machine.current.ruled:
        yield from machine.answer(reply)
    else:  # by far the most: spare them a generator
        machine.answer_now(reply)
        if reply.code == 421:
            raise Ended("refused")
    if machine.profile.max_errors:
        _count_errors(machine, reply)
    return command is not None and command.ends


def _count_errors(machine: Machine, reply: Reply) -> None:
    """End a session with too many errors of the client's in a row; raises Ended.

    4yz is no error of the client's. RFC 5321 §3.8 permits this by 421 only.
    """
    if 400 <= reply.code < 500:
        return
    machine.errors = machine.errors + 1 if reply.code >= 500 else 0
    most = machine.profile.max_errors
    if machine.errors >= most:
        notice = f"The client made {most} errors in a row."
        raise Ended("refused", notice, replies.too_many_errors(most))


def _words(machine: Machine, line: Line) -> tuple[str, str, Reply | None]:
    """Return the upper-case verb, its argument, and what is wrong with the line."""
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
    verb, _, argument = text.strip(" ").partition(" ")
    if verb.isascii():  # else a dotless i would make another letter of ASCII
        verb = verb.upper()
    if line.too_long:
        auth = verb == "AUTH"
        wrong = replies.AUTH_LINE_TOO_LONG if auth else replies.LINE_TOO_LONG
    elif line.bare_lf and machine.profile.bare_newlines == "reject":
        wrong = replies.BARE_LF
    return verb, argument.lstrip(" "), wrong


def _open(machine: Machine, line: Line, verb: str) -> None:
    """Begin the exchange of a command line, its secrets masked."""
    flags: tuple[str, ...] = ("bare_lf_command",) if line.bare_lf else ()
    if b"\0" in line.content:
        flags += ("nul_octet",)
    text = _told(machine, line.content, verb)
    kind = _KINDS.get(verb, "command")
    octets = 0 if kind == "chunk" else line.octets
    flags = machine.open(kind, verb, text, octets, line.received_us, flags)
    if kind == "chunk":
        machine.chunk_line = text, flags, line.received_us


def _told(machine: Machine, content: bytes, verb: str) -> str:
    """Return a command line as it may be recorded.

    After a login, however it ended, what is no command may be a response that comes too
    late, encoded or not; MAIL and QUIT show that the client is in step again.
    """
    text, login = told(content, bool(verb))
    if login:
        machine.guarded = True
    elif verb in ("MAIL", "QUIT"):
        machine.guarded = False
    elif machine.guarded and not verb and content not in (b"", b"*"):
        return MASK
    return text


def _unknown(machine: Machine, verb: str, known: bool) -> Steps[Reply]:
    yield from machine.consult("any")
    if known:
        return replies.not_offered(verb)
    if not verb:
        return replies.EMPTY_LINE
    if machine.guarded:
        return replies.UNKNOWN_COMMAND  # which does not repeat a secret
    return replies.unknown_command(shown(verb))


def _too_early(machine: Machine, verb: str) -> Reply | None:
    """What has to come before a command: TLS (RFC 3207 §4), or a login (RFC 4954 §6)."""
    profile = machine.profile
    if profile.require_tls and machine.tls is None and verb in AFTER_TLS:
        return replies.TLS_FIRST
    if profile.require_auth and machine.user is None and verb in AFTER_AUTH:
        return replies.AUTH_REQUIRED
    return None


def _misplaced(verb: str) -> Reply:
    return replies.LHLO_ON_SMTP if verb == "LHLO" else replies.says_lhlo(verb)


def _perform(machine: Machine, command: Command, argument: str) -> Steps[Reply | None]:
    """Carry a command out; return its reply, or None where it was answered."""
    decided = None
    if command.protocol not in (None, machine.profile.protocol):
        raise Refusal(_misplaced(machine.current.verb))
    if command.stage is not None:
        decided = yield from machine.consult(command.stage, argument=argument)
    outcome = command.handler(machine, argument)
    reply = outcome if isinstance(outcome, Reply) else (yield from outcome)
    if reply is None or decided is None or reply.code >= 400:
        return reply
    return decided
