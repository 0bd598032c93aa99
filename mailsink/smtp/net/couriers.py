"""Carries out a client dialogue's requests: for mail, and to store results."""

from __future__ import annotations

import asyncio

from mailsink.ports import Courier
from mailsink.smtp.client.hop_dialogue import (
    HopWait,
    LastLook,
    MessageEnds,
    ReadMore,
    ReportResults,
)


async def carried_out(effect: object, courier: Courier) -> object:
    """Carry out an effect that does not wait for the connection; return its result."""
    if isinstance(effect, MessageEnds):
        await courier.message_ends(effect.mail)
    elif isinstance(effect, ReportResults):
        await courier.report(effect.mail, effect.results)
    elif isinstance(effect, LastLook):
        return await courier.last_look(effect.mail)
    elif isinstance(effect, ReadMore):
        # A disk may be slow, and mail must come in meanwhile.
        return await asyncio.to_thread(next, effect.items, None)
    else:
        assert effect is HopWait.NEXT_MAIL
        return await courier.next_mail()
    return None
