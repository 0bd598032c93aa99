"""Hands out the releases of one session with a next hop, one by one, and stores the results."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from django.db import DatabaseError

from inbox.outgoing import release_queue
from inbox.outgoing.release_queue import Claim
from inbox.storage.threads import in_thread
from mailsink.smtp.client.hop_dialogue import deferred
from mailsink.smtp.client.hop_values import OutgoingMail, RecipientResult

log = logging.getLogger(__name__)

_IN_A_SESSION = 100  # messages
_RETRY = 5.0  # seconds after an error of the database


class ReleaseCourier:
    """Implements mailsink.ports.Courier."""

    def __init__(
        self,
        session: UUID,
        claim: Callable[[], Claim | None],
        at_work: set[ReleaseCourier],
        most: int | None = _IN_A_SESSION,
    ) -> None:
        """Add this courier to those at work.

        claim: claims the next release, on a thread
        most: messages of this session; None: no limit
        """
        self.session = session
        self.stopping = False
        self._claim_next = claim
        self._at_work = at_work
        self._most = most
        self._claim: Claim | None = None
        self._count = 0
        at_work.add(self)

    async def next_mail(self) -> OutgoingMail | None:
        if self._most is not None and self._count >= self._most:
            return None
        self._count += 1
        self._claim = await in_thread(self._claim_next)
        return self._claim.mail if self._claim else None

    async def last_look(self, mail: OutgoingMail) -> tuple[str, ...]:
        claim = self._claim
        assert claim is not None
        return await in_thread(lambda: release_queue.last_look(claim))

    async def message_ends(self, mail: OutgoingMail) -> None:
        claim = self._claim
        assert claim is not None
        await in_thread(lambda: release_queue.message_ends(claim))

    async def report(
        self, mail: OutgoingMail, results: tuple[RecipientResult, ...]
    ) -> None:
        """Store the results; retry until it works.

        Delivered mail would otherwise go out twice.
        """
        claim = self._claim
        assert claim is not None
        while True:
            try:
                await in_thread(lambda: release_queue.report(claim, results))
            except DatabaseError as error:
                if self.stopping:
                    raise
                log.error("The result of a release could not be stored: %s", error)
                await asyncio.sleep(_RETRY)
            else:
                break
        self._claim = None

    async def give_up(self, reason: str) -> None:
        """Report the next release as deferred, without a session."""
        mail = await self.next_mail()
        if mail is not None:
            result = deferred(reason, "4.3.5")
            await self.report(mail, (result,) * len(mail.recipients))

    def close(self) -> None:
        """Leave the couriers at work; unreported releases are put back at the next check."""
        self._at_work.discard(self)
