"""Reads and deletes sessions and their exchanges; a scope says which are visible."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inbox.errors import Conflict, NotFound
from inbox.explain.flags import troubled
from inbox.mailbox import purge, transcripts
from inbox.mailbox.paging import Page, as_uuid, newest
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Message, Session
from inbox.models.session import WITHOUT_CLIENT
from inbox.search import language
from inbox.search.probes import IsProbe, StandsAlone, hour, is_probe
from inbox.storage import acts
from mailsink.ids import made_at, parse_short_id


class NotYet(NotFound):
    """A session so young that its rows may not be committed yet."""


_COMMITTED_WITHIN = 5.0  # seconds that the rows of a session on the wire may take


def of_wire(scope: Scope) -> QuerySet[Session]:
    """Return the sessions with a client; an import has none."""
    return Session.objects.filter(scope.q()).exclude(listener_kind__in=WITHOUT_CLIENT)


def find(
    scope: Scope,
    cursor: str | None = None,
    limit: int = 50,
    live: bool | None = None,
    q: str = "",
    inbox: str | None = None,
    ending: str | None = None,
    fold: bool = False,
) -> Page[Session]:
    """Return sessions, newest first: all, live ones, or ended ones.

    ending: how those ended. fold: show only the last probe of a client in an hour (see
    probes). Raises BadRequest.
    """
    query = language.parse(q)
    rows = of_wire(scope).filter(language.sessions(query))
    if live is not None:
        rows = rows.filter(ending__isnull=live)
    if ending:
        rows = rows.filter(ending=ending)
    if inbox:
        rows = rows.filter(inbox__slug=inbox)
    if fold:
        rows = rows.filter(StandsAlone())
    return newest(rows, cursor, limit)


def get(scope: Scope, id: str | UUID) -> Session:
    """Return one session. Raises NotFound."""
    key = as_uuid(id)
    if key and (found := Session.objects.filter(scope.q(), pk=key).first()):
        acts.touch(found.inbox_id, found.pk)
        return found
    raise NotFound(_('there is no session "%(id)s"') % {"id": id})


def by_ids(
    scope: Scope, ids: Collection[str | UUID], q: str = "", fold: bool = False
) -> list[Session]:
    """Return those of these sessions that exist and match, newest first.

    fold: leave out probes that a later probe stands for

    Raises BadQuery.
    """
    keys = [key for each in ids if (key := as_uuid(each))]
    matching = language.sessions(language.parse(q))
    rows = of_wire(scope).filter(matching, pk__in=keys)
    if fold:
        rows = rows.filter(StandsAlone())
    return list(rows.order_by("-pk"))


def probes(found: Iterable[Session]) -> dict[UUID, int]:
    """Return, for each probe's id, the number of probes of its client, hour and inbox."""
    return {each.pk: _alike(each) for each in found if is_probe(each)}


def exchanges(
    scope: Scope, id: str | UUID, after: int = 0, limit: int = 500
) -> list[Exchange]:
    """Return a session's exchanges after seq `after`, in order.

    Raises NotFound; refuses long transcripts, like transcripts.loaded().
    """
    session = get(scope, id)
    rows = Exchange.objects.filter(session=session, seq__gt=after)
    return transcripts.loaded(rows.order_by("seq")[:limit])


def _alike(probe: Session) -> int:
    start, end = hour(probe)
    rows = Session.objects.filter(
        Q(IsProbe()),
        client_address=probe.client_address,
        inbox=probe.inbox_id,
        opened_at__gte=start,
        opened_at__lt=end,
    )
    return rows.count()


def next_trouble(
    scope: Scope, id: str | UUID, after: int, *, back: bool = False
) -> int | None:
    """Return the seq of the next exchange that was refused or has the flag of a fault.

    after: the seq to start after, or (back) before. Return None if there is no such
    exchange among the next 1,000 candidates. Raises NotFound.
    """
    rows = Exchange.objects.filter(session=get(scope, id)).exclude(
        Q(code__lt=400) | Q(code=None), flags=""
    )
    rows = (
        rows.filter(seq__lt=after).order_by("-seq")
        if back
        else rows.filter(seq__gt=after).order_by("seq")
    )
    for seq, code, flags in rows.values_list("seq", "code", "flags")[:1000]:
        if troubled(code, flags):
            return int(seq)
    return None


def by_short_id(scope: Scope, text: str) -> tuple[Session, int]:
    """Return the session and the exchange's seq of a short id.

    The exchange itself may not be there yet. Raises NotFound, NotYet.
    """
    try:
        first, last, seq = parse_short_id(text)
    except ValueError as error:
        raise NotFound(
            _('"%(text)s" is not a short id: %(error)s')
            % {"text": text, "error": error}
        ) from None
    found = Session.objects.filter(scope.q(), pk__range=(first, last)).first()
    if found is None:
        young = abs(time.time() - made_at(first)) < _COMMITTED_WITHIN
        kind = NotYet if young else NotFound
        raise kind(
            _('there is no session with the short id "%(text)s"') % {"text": text}
        )
    return found, seq


def last_connection(scope: Scope) -> Session | None:
    """Return the session of the last incoming connection."""
    rows = of_wire(scope).filter(direction="in")
    return rows.order_by("-pk").first()


def counts(scope: Scope) -> tuple[int, int]:
    """Return the number of sessions, and of the live ones among them."""
    rows = of_wire(scope)
    # counted first, so that it never exceeds the number of all
    live = rows.filter(ending__isnull=True).count()
    return rows.count(), live


def delete(scope: Scope, id: str | UUID) -> None:
    """Remove a session for good, with everything in it, including messages in the trash.

    Raises NotFound; Conflict while it is live, or has messages that are not in the
    trash.
    """
    session = get(scope, id)
    if session.ending is None:
        raise Conflict(_("the session is live; it can be deleted once it has ended"))
    messages = Message.objects.filter(transaction__session=session)
    kept = messages.filter(deleted_at__isnull=True).count()
    if kept:
        raise Conflict(
            _("the session has messages (%(kept)s); delete them first") % {"kept": kept}
        )
    while purge.purge(messages, "session"):
        pass
    row = Session.objects.filter(pk=session.pk)
    while purge.remove_sessions(row.values_list("id", "exchanges", "transactions")):
        pass
