"""Keeps slow or unavailable object storage from holding up its callers."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from inbox.errors import UserError

log = logging.getLogger(__name__)

_REST = 5.0  # seconds without calls to a store that gave no answer
# Calls at a time in this process, and seconds to wait for a turn. Pages have four
# threads: a slow store must leave one of them. Mail has time, since its client waits
# for the 250.
_OTHERS, _PATIENCE = 3, 0.5
_MAIL, _OF_MAIL = 8, 60.0


class StoreDown(OSError, UserError):
    """Object storage cannot do its work now; pages and the API say so."""

    status = 503

    def __init__(self, reason: str, silent: bool = False) -> None:
        """silent: no answer came; else the store refused, and will refuse again"""
        super().__init__(errno.EIO, reason)
        self.reason, self.silent = reason, silent

    def __str__(self) -> str:
        return _(
            "The object storage for large messages (MAILSINK_RAW_URL) does not work: "
            "%(reason)s. Try again later."
        ) % {"reason": self.reason}


class StoreGate:
    """Limits the calls at a time, and pauses all calls after a missing answer."""

    def __init__(self) -> None:
        self._others = threading.BoundedSemaphore(_OTHERS)
        self._mail = threading.BoundedSemaphore(_MAIL)
        self._why = ""
        self._rests_until = 0.0  # monotonic

    @property
    def trouble(self) -> str:
        """The last failure, in words; "" if the last answer was good."""
        return self._why

    @contextmanager
    def passage(self, of_mail: bool = False) -> Iterator[None]:
        """Wait for a turn, and keep it. Raises StoreDown.

        of_mail: a client waits for its 250, and no page has to wait with it
        """
        self._refuse_rest()
        turns, patience = self._others, _PATIENCE
        if of_mail:
            turns, patience = self._mail, _OF_MAIL
        if not turns.acquire(timeout=patience):
            raise StoreDown("it is slow, and others wait for it already", silent=True)
        try:
            self._refuse_rest()  # the previous caller may have had a failure
            yield
            self._is_well()
        finally:
            turns.release()

    def failed(self, reason: str, silent: bool) -> StoreDown:
        """Return the error to raise. silent: pause all calls for a while"""
        if not self._why:
            log.error("Object storage fails: %s", reason)
        self._why = reason
        if silent:
            self._rests_until = time.monotonic() + _REST
        return StoreDown(reason, silent)

    def _refuse_rest(self) -> None:
        if self._why and time.monotonic() < self._rests_until:
            raise StoreDown(self._why, silent=True)

    def _is_well(self) -> None:
        if self._why:
            log.warning("Object storage works again")
        self._why = ""
