"""Circumstances that make a finding less severe than it seems, or more so.

There are a few queries for each kind, only for sessions that show it; each reads a
limited number of rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Left
from django.utils.translation import gettext_noop

from inbox.insight.findings.session_evidence import SessionEvidence, note
from inbox.mailbox.scope import ALL
from inbox.mailbox.sessions import of_wire
from inbox.models import Exchange, Session, Transaction

CHANGEABLE = frozenset({"aborted_in_data", "left_at_certificate"})  # by later sessions
_ROWS = 500  # of a session
_LATER = 200  # later sessions that are read
_SIZE = re.compile(r"(?:^| )SIZE=([0-9]{1,20})(?: |$)", re.IGNORECASE)
_SLIGHT = 0.01  # of the announced size

_SLIGHTLY_MORE = gettext_noop(
    "The message is longer than SIZE announced, by a percent at most: servers accept that."
)
_REFUSED_BEFORE = gettext_noop(
    "The connection ended before the message did: the client gave up, probably "
    "because an earlier line was refused."
)
_BY_MAILSINK = gettext_noop(
    "The connection ended before the message did: Mailsink itself was stopped, or failed."
)
_SENT_LATER = gettext_noop(
    "The connection ended before the message did. A later session brought a message "
    "from the same sender."
)
_TRUSTED_LATER = gettext_noop(
    "The client left after it had seen the certificate. Distrust is not the reason: a "
    "later session went on with TLS."
)


def weigh(found: Mapping[UUID, SessionEvidence], sessions: Iterable[Session]) -> None:
    """Complete the evidence of these sessions with their circumstances."""
    for session in sessions:
        evidence = found[session.id]
        if "size_mismatch" in evidence.flags and _is_slight(session):
            evidence.eased["size_mismatch"] = _SLIGHTLY_MORE
        if "aborted_in_data" in evidence.flags and (why := _why_aborted(session)):
            evidence.eased["aborted_in_data"] = why
        if "left_at_certificate" in evidence.flags and _trusts_later(session):
            evidence.eased["left_at_certificate"] = _TRUSTED_LATER
        if evidence.unknown_verbs and session.messages:
            _look_for_text(evidence, session)


def _is_slight(session: Session) -> bool:
    """Whether the declared sizes are wrong by at most one percent."""
    rows = Transaction.objects.filter(session=session, raw__isnull=False)
    excess = []
    for parameters, size in rows.values_list("parameters", "raw__size")[:_ROWS]:
        declared = _SIZE.search(parameters)
        if declared and size > int(declared[1]) + 2:
            excess.append(size - int(declared[1]) <= int(declared[1]) * _SLIGHT + 2)
    return bool(excess) and all(excess)


def _why_aborted(session: Session) -> str:
    """Return how a body's end relates to another line or session; "": not at all."""
    lines = Exchange.objects.filter(session=session)
    cut = lines.filter(flags__contains="aborted_in_data").first()
    if cut is None or cut.transaction_id is None:
        return ""
    before = lines.filter(transaction=cut.transaction_id, seq__lt=cut.seq)
    if before.filter(code__gte=400).exists():
        return _REFUSED_BEFORE
    if session.ending in ("shutdown", "error", "crashed"):
        return _BY_MAILSINK
    sender = Transaction.objects.filter(pk=cut.transaction_id).values("reverse_path")
    sent = Transaction.objects.filter(
        session__in=_later(session), outcome="accepted", reverse_path__in=sender
    )
    return _SENT_LATER if sent.exists() else ""


def _trusts_later(session: Session) -> bool:
    later = Session.objects.filter(pk__in=_later(session)).exclude(tls_version="")
    return later.filter(Q(messages__gt=0) | Q(ending="quit")).exists()


def _later(session: Session) -> list[UUID]:
    """Return the next sessions of the same client that went to the same inbox.

    A user who may see a session may not see its client's sessions in other inboxes.
    """
    rows = of_wire(ALL).filter(pk__gt=session.pk, direction="in").order_by("pk")
    next_ones = rows.values_list("pk", "inbox_id", "client_address", "helo")[:_LATER]
    who = session.inbox_id, session.client_address, session.helo
    return [pk for pk, *each in next_ones if tuple(each) == who]


def _look_for_text(evidence: SessionEvidence, session: Session) -> None:
    """Note the rest of a text that came as commands, after a lone dot (RFC 5321 §4.5.2).

    Either it came along with the message's end, before the reply, or the final dot of
    the message came at last.
    """
    lines = Exchange.objects.filter(session=session, kind="command", verb="", code=500)
    rows = lines.order_by("seq").values_list("seq", Left("line", 2), "flags")
    unknown = list(rows[:_ROWS])
    bodies = Exchange.objects.filter(session=session, kind="body").order_by("seq")
    ends = bodies.values_list("seq", flat=True)
    before = set(ends.filter(seq__in=[seq - 1 for seq, _, _ in unknown]))
    for seq, start, flags in unknown:
        together = seq - 1 in before and "pipelin" in flags
        if together or (start == "." and ends.filter(seq__lt=seq).exists()):
            note(evidence, "text_after_end", seq)
            return
