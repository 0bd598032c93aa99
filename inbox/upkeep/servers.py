"""The running processes: each has a Server row; the open sessions of dead ones are closed."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from inbox.models import Message, Server, Session, Transaction
from inbox.storage import webhook_outbox
from inbox.storage.full_disk import with_room
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from inbox.upkeep.background import Background
from mailsink.ids import go_on_after, uuid7
from mailsink.smtp.listener_kinds import LISTENER_KINDS

log = logging.getLogger(__name__)

_HEARTBEAT = 15.0  # seconds
_DEAD_AFTER = timedelta(seconds=4 * _HEARTBEAT)


def register(
    smtp: Iterable[str],
    http: Iterable[str],
    id: UUID | None = None,
    is_one_of_several: bool = False,
    dead: UUID | None = None,
    **others: Iterable[str],
) -> Server:
    """Add this process, listening on these bound addresses ("127.0.0.1:1025").

    others: the addresses of the other kinds of listener (LISTENER_KINDS), by name.
    is_one_of_several: on this machine, maybe with a shared SQLite file. dead: the
    process that this one replaces. Open sessions of dead servers are closed as crashed.
    """
    _go_on_from_stored()
    close_crashed(is_one_of_several, dead)
    now = datetime.now(UTC)
    server = Server(
        id=id or uuid7(),
        started_at=now,
        heartbeat=now,
        hostname=socket.gethostname(),
        pid=os.getpid(),
        smtp=list(smtp),
        http=list(http),
        **{kind: list(addresses) for kind, addresses in others.items()},
    )
    with_room(partial(_add, server))
    return server


def _add(server: Server) -> None:
    with write_turn():
        server.save(force_insert=True)


def listening(running: Iterable[Server]) -> dict[str, list[str]]:
    """Return the listeners of servers, by kind; [] for a kind that is off."""
    found = {
        kind: [address for server in running for address in getattr(server, kind)]
        for kind in LISTENER_KINDS
    }
    # Several processes of one machine share an address.
    return {kind: list(dict.fromkeys(addresses)) for kind, addresses in found.items()}


def _go_on_from_stored() -> None:
    """Make new ids follow the stored ones, so that "later than this message" stays true.

    The clock may have been set back since they were made.
    """
    for model in (Message, Transaction, Session):
        greatest = model.objects.order_by("-pk").values_list("pk", flat=True).first()
        if greatest:
            go_on_after(greatest)


def close_crashed(is_one_of_several: bool = False, dead: UUID | None = None) -> None:
    """Close the sessions and transactions of servers that died.

    On a full disk, too: people need the pages to make room. is_one_of_several, dead:
    see register()
    """
    with_room(partial(_close_crashed, is_one_of_several, dead))


def _close_crashed(is_one_of_several: bool, dead: UUID | None) -> None:
    for server in _dead(is_one_of_several, dead):
        while ids := _open_sessions(server):
            with write_turn():
                Transaction.objects.filter(session__in=ids, outcome=None).update(
                    outcome="abandoned"
                )
                Session.objects.filter(id__in=ids).update(
                    ending="crashed",
                    closed_at=Greatest(F("opened_at"), Value(server.heartbeat)),
                )
                rows = Session.objects.filter(id__in=ids)
                webhook_outbox.put("session.closed", rows.values_list("pk", "inbox_id"))
        with write_turn():
            server.stopped_at = server.heartbeat
            server.save(update_fields=["stopped_at"])


def _dead(is_one_of_several: bool, dead: UUID | None) -> Iterable[Server]:
    running = Server.objects.filter(stopped_at=None)
    if connection.vendor == "sqlite" and not is_one_of_several:
        return running  # only one process at a time owns the folder
    silent = Q(heartbeat__lt=datetime.now(UTC) - _DEAD_AFTER)
    return running.filter(silent | Q(pk=dead))


def _open_sessions(server: Server) -> list[UUID]:
    sessions = Session.objects.filter(server=server, ending=None)
    return list(sessions.values_list("id", flat=True)[:ROWS_IN_A_TURN])


def alive(database: str = DEFAULT_DB_ALIAS) -> list[Server]:
    """Return the running servers, newest first."""
    recent = Q(heartbeat__gte=datetime.now(UTC) - _DEAD_AFTER)
    running = Server.objects.using(database).filter(recent, stopped_at=None)
    return list(running.order_by("-id"))


def current_smtp() -> list[str]:
    """Return the addresses that accept mail now: "127.0.0.1:1025"."""
    return listening(alive())["smtp"]


def try_to_write() -> None:
    """Do a write that needs a writable database. Raises DatabaseError."""
    # On SQLite this takes the write lock, which a read-only file cannot have.
    with write_turn():
        Server.objects.exists()


def heartbeat(
    server: Server, figures: Callable[[], dict[str, Any]] = dict
) -> Background:
    """Return the work that shows, until it is stopped, that this server is alive.

    figures: returns its current counters, for /metrics in other processes
    """

    def beat() -> float:
        now, counted = datetime.now(UTC), figures()
        with write_turn():
            rows = Server.objects.filter(id=server.id)
            rows.update(heartbeat=now, figures=counted)
        return _HEARTBEAT

    return Background("heartbeat", beat)


def unregister(server: Server) -> None:
    """Record that this server stopped, if that can still be written."""
    now = datetime.now(UTC)
    try:
        with write_turn():
            Server.objects.filter(id=server.id).update(heartbeat=now, stopped_at=now)
    except DatabaseError as error:
        log.error("that this server stopped was not stored: %s", error)
