"""The messages that people chose for an action: by their ids, or all that match a search."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inbox.errors import Invalid
from inbox.mailbox.paging import as_uuid
from inbox.mailbox.scope import Scope
from inbox.models import Message
from inbox.search import language
from inbox.storage.bounded import TooCostly, within

MOST = 10_000  # ids in one request
# Fewer than a turn allows: each message is in several indexes, and a 250 may be
# waiting.
AT_ONCE = 200
# For reading, as for a list (mailsink.web.pool): a search can read everything stored.
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Selection:
    """Messages by id, or (if ids is None) all that match q in an inbox; "" matches all.

    where: an additional condition, from a search in another language
    """

    ids: tuple[UUID, ...] | None = None
    q: str = ""
    inbox: str | None = None
    where: Q | None = None

    @property
    def is_everything(self) -> bool:
        """Whether the selection is everything in an inbox, or in all of them."""
        return self.ids is None and not self.is_searched

    @property
    def is_searched(self) -> bool:
        """Whether the selection is a search, which may take long."""
        return bool(self.q.strip() or self.where)


def by_ids(ids: Collection[str | UUID]) -> Selection:
    """Return messages by their ids; invalid ids are left out. Raises Invalid."""
    if len(ids) > MOST:
        raise Invalid(
            _(
                "at most %(most)s messages can be chosen one by one: use a search instead"
            )
            % {"most": f"{MOST:,}"}
        )
    return Selection(tuple(key for each in ids if (key := as_uuid(each))))


def turns(
    scope: Scope,
    chosen: Selection,
    *,
    deleted: bool = False,
    pinned: bool = True,
    is_cut: bool = True,
) -> Iterator[list[UUID]]:
    """Yield the ids of the messages, a turn's worth at a time, newest first.

    deleted: the messages in the trash instead of the others; pinned: with the pinned
    ones; is_cut: stop a search that takes too long. Messages that arrive meanwhile are
    later, and are left alone. Raises BadQuery, TooCostly.
    """
    rows = _alike(scope, deleted, pinned)
    if chosen.ids is None:
        head = _Cut().head if is_cut and chosen.is_searched else _head
        yield from _walk(_matching(scope, rows, chosen), head)
        return
    for start in range(0, len(chosen.ids), AT_ONCE):
        some = chosen.ids[start : start + AT_ONCE]
        found = rows.filter(pk__in=some).order_by("-pk")
        if ids := list(found.values_list("pk", flat=True)):
            yield ids


def still_there(ids: Collection[UUID]) -> list[UUID]:
    """Return the messages that were not removed meanwhile; they stay during this turn.

    Call within a turn.
    """
    rows = Message.objects.select_for_update(of=("self",), no_key=True)
    return list(rows.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def count(scope: Scope, chosen: Selection, most: int) -> int:
    """Return the number of messages that match the search of a deletion, up to most.

    Raises BadQuery, TooCostly.
    """
    rows = _alike(scope, deleted=False, pinned=False)
    with within(_SECONDS):
        return _matching(scope, rows, chosen)[:most].count()


def _alike(scope: Scope, deleted: bool, pinned: bool) -> QuerySet[Message]:
    rows = Message.objects.filter(scope.q(), deleted_at__isnull=not deleted)
    return rows if pinned else rows.filter(pinned=False)


def _matching(
    scope: Scope, rows: QuerySet[Message], chosen: Selection
) -> QuerySet[Message]:
    rows = rows.filter(language.messages(language.parse(chosen.q), scope.reader))
    if chosen.inbox:
        rows = rows.filter(inbox__slug=chosen.inbox)
    return rows if chosen.where is None else rows.filter(chosen.where)


def _walk(
    rows: QuerySet[Message], head: Callable[[QuerySet[Message]], list[UUID]]
) -> Iterator[list[UUID]]:
    turn = head(rows)
    while turn:
        yield turn
        turn = head(rows.filter(pk__lt=turn[-1]))


class PartlyDone(TooCostly):
    """Reading took longer than allowed, after some of the messages had been changed."""

    def __str__(self) -> str:
        return _(
            "This takes too long. The first messages found are changed, the rest are "
            "not: do it again to continue, or search for fewer terms."
        )


class _Cut:
    """Reads turn after turn, with a limit on the total time.

    The time of changes does not count.
    """

    def __init__(self) -> None:
        self._left = _SECONDS
        self._has_found = False

    def head(self, rows: QuerySet[Message]) -> list[UUID]:
        """Return the ids of a turn's worth. Raises TooCostly."""
        try:
            found = self._read(rows)
        except TooCostly:
            if self._has_found:
                raise PartlyDone from None
            raise
        self._has_found = True
        return found

    def _read(self, rows: QuerySet[Message]) -> list[UUID]:
        if self._left <= 0:
            raise TooCostly
        with within(self._left) as bound:
            before = bound.left
            found = _head(rows)
            self._left -= before - bound.left
        return found


def _head(rows: QuerySet[Message]) -> list[UUID]:
    return list(rows.order_by("-pk").values_list("pk", flat=True)[:AT_ONCE])
