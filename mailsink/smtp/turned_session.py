"""A session with reversed roles: from here on Mailsink is the client on its connection.

That follows ATRN (RFC 2645 §5.2.2) or TURN (RFC 821 §3.8). The client's dialogue runs
within the steps of the session, so that one transcript has both roles.
"""

from __future__ import annotations

import logging

from mailsink.smtp.client.client_machine import ClientMachine
from mailsink.smtp.client.hop_dialogue import HopDialogue, HopEffect, HopWait
from mailsink.smtp.client.hop_values import ClientProfile
from mailsink.smtp.client.transcript import Transcript
from mailsink.smtp.protocol.events import Ending
from mailsink.smtp.session.effects import NEED_INPUT, AskCourier, Steps
from mailsink.smtp.session.session import Session

log = logging.getLogger("mailsink.smtp")

# Factor for a client's time limits: those of RFC 2645 §5.2 are at least ten minutes.
_PATIENCE = 2.0


def deliver_on(session: Session) -> Steps[Ending]:
    """Deliver the waiting mail to the former client; return how the session ended.

    Mailsink sends nothing until the other side has sent its greeting, as on a
    connection that was just opened.
    """
    try:
        return (yield from _deliver(session))
    except Exception:  # our fault; mail without a reported result waits again
        log.exception("session %s: mail could not be delivered", session.id)
        return "error"


def _deliver(session: Session) -> Steps[Ending]:
    dialogue = _dialogue(session)
    machine = ClientMachine(dialogue)
    effect = machine.step()
    while effect is not None:
        try:
            result = yield from _result(session, dialogue, effect)
        except Exception as error:
            effect = machine.fail(error)
        else:
            effect = machine.step(result)
    assert machine.outcome is not None
    ending = machine.outcome.ending
    return "turned" if ending == "quit" else ending


def _dialogue(session: Session) -> HopDialogue:
    # TLS, if any, belongs to the session, and is not started again.
    profile = ClientProfile(session.profile.hostname, tls="off", patience=_PATIENCE)
    transcript = Transcript(
        session.id, session.emit, session.now_us, session.next_seq, turned=True
    )
    write = session.host.write if session.tls is None else session.tls.send
    dialogue = HopDialogue(profile, transcript, write)
    dialogue.secure = session.tls is not None
    return dialogue


def _result(
    session: Session, dialogue: HopDialogue, effect: HopEffect
) -> Steps[object]:
    if effect not in (HopWait.REPLY, HopWait.WRITABLE):
        return (yield AskCourier(effect))
    if not _pass_on(session, dialogue):
        session.wake_at = dialogue.wake_at
        yield NEED_INPUT
        _pass_on(session, dialogue)
    return None


def _pass_on(session: Session, dialogue: HopDialogue) -> bool:
    """Pass changes of the connection to the dialogue; return whether there were any."""
    before = dialogue.eof, dialogue.output_blocked, dialogue.stop_now
    octets = session.input.peek(len(session.input))
    session.discard_input()
    dialogue.receive(octets)
    dialogue.eof = dialogue.eof or session.eof
    dialogue.output_blocked = session.output_blocked
    dialogue.stop_now = session.stop_now or bool(session.gave_way_after)
    after = dialogue.eof, dialogue.output_blocked, dialogue.stop_now
    return bool(octets) or after != before
