"""Caches the evidence of long sessions, which takes a while to gather.

The evidence of an ended session with indexed bodies stays valid; any other is valid for
a moment. Short sessions are not cached.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from uuid import UUID

from inbox.insight.findings.circumstances import CHANGEABLE
from inbox.insight.findings.session_evidence import SessionEvidence
from inbox.models import Session

_LONG = 500  # exchanges
_MOST = 2000  # cached sessions
_MOMENT = 2.0  # seconds

_known: OrderedDict[UUID, tuple[tuple[int, int], float, SessionEvidence]] = (
    OrderedDict()
)
_lock = Lock()


def recall(session: Session) -> SessionEvidence | None:
    """Return the cached evidence of a session, as long as it is valid."""
    with _lock:
        size, at, evidence = _known.get(session.id, ((0, 0), 0.0, None))
    if evidence is None:
        return None
    is_whole = session.ending is not None and not evidence.fresh
    is_whole = is_whole and not evidence.flags & CHANGEABLE
    if is_whole and size == _size(session):
        return evidence
    return evidence if time.monotonic() - at < _MOMENT else None


def remember(session: Session, evidence: SessionEvidence) -> None:
    """Cache the evidence of a session, if it is long."""
    if session.exchanges < _LONG:
        return
    with _lock:
        _known[session.id] = _size(session), time.monotonic(), evidence
        while len(_known) > _MOST:
            _known.popitem(last=False)


def _size(session: Session) -> tuple[int, int]:
    return session.exchanges, session.messages
