"""Finds entries of the audit log, and deletes the expired ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from inbox.errors import BadRequest
from inbox.mailbox.paging import Page, newest
from inbox.mailbox.scope import Scope
from inbox.models import AuditEntry, AuditRetention
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from mailsink.ids import first_at

MOST_EXPORTED = 1_000_000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A search for entries; "" for anything. since and until: RFC 3339, or a day in UTC"""

    user: str = ""
    inbox: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""


def find(
    scope: Scope, by: AuditFilter, cursor: str | None, limit: int
) -> Page[AuditEntry]:
    """Return entries of the inboxes of a scope, newest first. Raises BadRequest."""
    return newest(_rows(scope, by), cursor, limit)


def every(scope: Scope, by: AuditFilter) -> Iterator[AuditEntry]:
    """Return all matching entries, newest first, in pieces. Raises BadRequest."""
    rows = _rows(scope, by).order_by("-pk")[:MOST_EXPORTED]
    return rows.iterator(chunk_size=500)


def prune(days: int) -> int:
    """Delete a turn's worth of entries older than this number of days; 0 days keeps all."""
    if AuditRetention.objects.values_list("days", flat=True).first() != days:
        with write_turn():
            AuditRetention.objects.update_or_create(pk=1, defaults={"days": days})
    if not days:
        return 0
    before = datetime.now(UTC) - timedelta(days, 60)
    old = AuditEntry.objects.filter(pk__lt=first_at(before.timestamp()), at__lt=before)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:ROWS_IN_A_TURN])
    if ids:
        with write_turn():
            AuditEntry.objects.filter(pk__in=ids).delete()
    return len(ids)


def _rows(scope: Scope, by: AuditFilter) -> QuerySet[AuditEntry]:
    if "\x00" in by.user + by.inbox + by.kind:
        return AuditEntry.objects.none()  # no entry has NUL, and PostgreSQL rejects it
    rows = AuditEntry.objects.filter(scope.q())
    if by.user:
        rows = rows.filter(user_name=by.user)
    if by.inbox:
        rows = rows.filter(inbox_slug=by.inbox)
    if by.kind:
        rows = rows.filter(kind=by.kind)
    if by.since:
        rows = rows.filter(at__gte=_moment("since", by.since))
    if by.until:
        rows = rows.filter(at__lt=_moment("until", by.until))
    return rows


def _moment(name: str, text: str) -> datetime:
    try:
        found = parse_datetime(text)
        day = None if found else parse_date(text)
        if found and found.tzinfo:
            found = found.astimezone(UTC)
    except (ValueError, OverflowError):  # in UTC, it may be before the year 1
        found = day = None
    if day:
        found = datetime(day.year, day.month, day.day)
    if found is None:
        words = _(
            "%(name)s: not a day or a time, as 2026-11-29 or 2026-11-29T10:00:00Z"
        )
        raise BadRequest(words % {"name": name})
    return found.replace(tzinfo=UTC)
