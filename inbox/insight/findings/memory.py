"""Remembers the evidence of long sessions, which takes a while to gather.

That of a session that has ended, and whose bodies are indexed, stays true; any other
is believed for a moment. Sessions that are short are not remembered.
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
_MOST = 2000  # sessions remembered
_MOMENT = 2.0  # seconds

_known: OrderedDict[UUID, tuple[tuple[int, int], float, SessionEvidence]] = (
    OrderedDict()
)
_lock = Lock()


def recall(session: Session) -> SessionEvidence | None:
    """Return what is remembered of a session, as long as it can be believed."""
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
    """Keep the evidence of a session, if it is long."""
    if session.exchanges < _LONG:
        return
    with _lock:
        _known[session.id] = _size(session), time.monotonic(), evidence
        while len(_known) > _MOST:
            _known.popitem(last=False)


def _size(session: Session) -> tuple[int, int]:
    return session.exchanges, session.messages
