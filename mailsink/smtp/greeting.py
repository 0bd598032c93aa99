"""The greeting (RFC 5321 §3.1), and whom it refuses: at the connect, and after XCLIENT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsink.smtp import replies
from mailsink.smtp.replies import Reply
from mailsink.smtp.wishes import BREATHE, Ended, Refusal, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine


def greeting(machine: Machine) -> Steps[Reply]:
    """Return what the client is greeted by; who is refused hears it here: raises Ended."""
    try:
        if machine.refusal is not None:
            raise Refusal(machine.refusal)
        yield BREATHE  # so that the octets of an early talker are there to be seen
        decided = yield from machine.consult("connect")
    except Refusal as refusal:
        yield from machine.answer(refusal.reply)
        raise Ended("refused") from None
    profile = machine.profile
    protocol = "LMTP" if profile.protocol == "lmtp" else "ESMTP"
    return decided or replies.greeting(profile.hostname, protocol)
