"""The newest hits of the index: enough for a page of a search for a common word."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from inbox.models import Message, SearchText
from inbox.search.fulltext import query
from inbox.search.fulltext.index import first_key
from inbox.search.fulltext.query import LAST_KEY, ByIndex, Matches, MatchesAny

_SMALL = 2000  # messages; all hits among so few are found as soon as the newest

_MOST_LACKING = 120  # messages that lack a text: usually more than a page needs
_FIRST_LOOK = 20_000  # of the newest keys, which often lack enough
_SINCE = """
    SELECT id FROM inbox_searchindex_docsize WHERE id <= {until}
    ORDER BY id DESC LIMIT 1 OFFSET {first}
"""
# The index counts its keys and a query's hits in a third of the time of the walk over
# the older ones. If that difference is found among the newest keys, it is all.
_LACKING = """
    WITH asked AS MATERIALIZED (SELECT {hits} AS query),
    newest AS MATERIALIZED (
        SELECT id FROM inbox_searchindex_docsize WHERE id BETWEEN {since} AND {until}
        EXCEPT SELECT rowid FROM inbox_searchindex
        WHERE inbox_searchindex MATCH (SELECT query FROM asked)
            AND rowid BETWEEN {since} AND {until}
        ORDER BY 1 DESC LIMIT {most}
    ),
    older AS (
        SELECT id FROM inbox_searchindex_docsize WHERE id < {since}
        EXCEPT SELECT rowid FROM inbox_searchindex
        WHERE inbox_searchindex MATCH (SELECT query FROM asked) AND rowid < {since}
        ORDER BY 1 DESC LIMIT (
            SELECT CASE WHEN count(*) = {most} THEN 0 ELSE min({most},
                (SELECT count(*) FROM inbox_searchindex_docsize)
                - (SELECT count(*) FROM inbox_searchindex
                    WHERE inbox_searchindex MATCH (SELECT query FROM asked))
            ) - count(*) END FROM newest
        )
    )
    SELECT message_id FROM inbox_searchtext
    WHERE id IN (SELECT id FROM newest UNION ALL SELECT id FROM older)
"""

_COUNTS = """
    SELECT (SELECT count(*) FROM inbox_message WHERE indexed_at IS NULL),
        (SELECT count(*) FROM inbox_searchtext), (SELECT count(*) FROM inbox_message)
"""
_LOOK_EVERY = 10.0  # seconds
_seen_whole = False  # by this process
_look_from = 0.0  # of time.monotonic

# Keys: the most by which a key may follow its message's place; see index.first_key. If
# two processes assign the same thousands of keys while the clock is set back, a page
# may miss some.
_MOVED = 2000


def knows_newest() -> bool:
    """Whether the index gives its newest hits first, and is so large that this is faster.

    Only SQLite's index does.
    """
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM inbox_searchindex_docsize LIMIT 1 OFFSET %s", (_SMALL,)
        )
        return bool(cursor.fetchall())


def newest_only(condition: Q, most: int | None = None, before: UUID | None = None) -> Q:
    """Limit each part of the condition that uses the index to its newest hits; return it.

    most: the number of hits; before: only hits older than this message. All hits are
    right, and those left out are older: enough for a page of a search for a word that
    most messages have. The condition must not be negated, nor be an alternative in an
    OR: see any_of.
    """
    for child in condition.children:
        if isinstance(child, ByIndex):
            child.newest = most or query.NEWEST
            child.until = _until(before)
        elif isinstance(child, Q):
            newest_only(child, most, before)
    return condition


def without_late(condition: Q, before: UUID | None = None) -> Q:
    """Return the condition without unindexed messages that may be older than its newest hits.

    Otherwise a page would skip the hits between them for good. before: see newest_only
    """
    for at, child in enumerate(condition.children):
        match child:
            case Q():
                without_late(child, before)
            case ("pk__in", [_, *_] as waiting):
                rows = SearchText.objects.filter(pk__lte=_until(before)).order_by("-pk")
                most = min(query.NEWEST, query.MOST_READ)
                for oldest in rows.values_list("message_id", flat=True)[
                    most - 1 : most
                ]:
                    newer = [each for each in waiting if each > oldest]
                    condition.children[at] = ("pk__in", newer)
    return condition


def _until(before: UUID | None) -> int:
    """Return the last key that an older message may have."""
    return first_key(before) + _MOVED if before else LAST_KEY


def lacking(condition: Q, before: UUID | None = None) -> tuple[Q, bool] | None:
    """Return the newest messages that lack a text, and whether these are all of them.

    condition: a negated term's; before: see newest_only. Return None if the index
    cannot answer. The query walks the index's keys and the hits side by side: if most
    messages have the text, a look-up for each message takes ten times as long. The walk
    ends with the newest keys if they lack enough, or if the index counts no more.
    """
    phrases, with_text = _parts(~condition) if condition.negated else ([], [])
    if not phrases or not _has_all():
        return None
    rows = Message.objects.filter(indexed_at=None).order_by("-pk")
    if before:
        rows = rows.filter(pk__lt=before)
    # Read first: a message that is indexed meanwhile is then in this list, else in
    # neither.
    waiting = list(rows.values_list("pk", flat=True)[:_MOST_LACKING])
    hits, params = MatchesAny(phrases).newest_first()
    until = _until(before)
    with connection.cursor() as cursor:
        cursor.execute(_SINCE.format(until=until, first=_FIRST_LOOK))
        [since] = cursor.fetchone() or [0]
        sql = _LACKING.format(hits=hits, since=since, until=until, most=_MOST_LACKING)
        cursor.execute(sql, params)
        indexed = [UUID(id) for (id,) in cursor.fetchall()]
    cut = [min(each) for each in (waiting, indexed) if len(each) == _MOST_LACKING]
    ids = {*waiting, *indexed}.difference(with_text)
    if cut:  # older messages may be missing from one of the two lists
        ids = {each for each in ids if each >= max(cut)}
    return Q(pk__in=ids), not cut


def _has_all() -> bool:
    """Return whether the index has every message except those that wait to be indexed.

    No message becomes missing later (see index.missing): the check stops once it is
    true, and until then runs at intervals, not at each search.
    """
    global _look_from, _seen_whole
    if not _seen_whole and time.monotonic() >= _look_from:
        _look_from = time.monotonic() + _LOOK_EVERY
        # Counted, since an index is enough for that: the rows themselves are gigabytes.
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS)
            [(waiting, indexed, stored)] = cursor.fetchall()
        _seen_whole = stored == waiting + indexed
    return _seen_whole


def is_by_index(condition: Q) -> bool:
    """Whether a part of the condition uses the index, so that newest_only can limit it."""
    return any(
        is_by_index(each) if isinstance(each, Q) else isinstance(each, ByIndex)
        for each in condition.children
    )


def any_of(condition: Q) -> Q | None:
    """Combine alternatives that all use the index into one part; return None for others.

    This makes the newest hits of all of them together known: see newest_only.
    """
    phrases, ids = _parts(condition)
    if not phrases:
        return None
    found = Q(MatchesAny(phrases))
    return found | Q(pk__in=ids) if ids else found


def _parts(condition: Q) -> tuple[list[Matches], list[UUID]]:
    """Return the phrases and ids among the alternatives; no phrases if there are others."""
    phrases: list[Matches] = []
    ids: list[Any] = []
    for part in _alternatives(condition):
        match part:
            case Matches(table=Matches.table):
                phrases.append(part)
            case ("pk__in", [*some]):
                ids += some
            case _:
                return [], []
    return phrases, ids


def _alternatives(condition: Q) -> Iterator[object]:
    """Yield the alternatives of a condition."""
    if condition.negated or (condition.connector != Q.OR and len(condition) > 1):
        yield condition
        return
    for part in condition.children:
        if isinstance(part, Q):
            yield from _alternatives(part)
        else:
            yield part
