"""Probes: connections that ended before the client sent anything; monitors make them.

In a list, the last probe of a client in an hour (UTC) and inbox stands for all of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import BooleanField, F, Func
from django.db.models.sql.compiler import SQLCompiler

from inbox.models import Session

# Written as literals, since SQLite uses no partial index (session_probe) with
# parameters. A session that failed in TLS, or was refused, is no probe, but
# worth a row of its own.
_PROBE = (
    "{0}.direction = 'in' AND {0}.ending IS NOT NULL AND {0}.last_verb = '' "
    "AND {0}.octets = 0 AND NOT ({0}.listener_kind IN ('import', 'internal')) "
    "AND {0}.ending IN ('dropped', 'timeout')"
)
# The hour of the client's next probe: if it is the same hour, that probe stands for
# this one.
_NEXT = (
    "SELECT {hour} FROM inbox_session next WHERE next.client_address = "
    "{0}.client_address AND next.opened_at > {0}.opened_at AND {probe} "
    "AND {same_inbox} ORDER BY next.opened_at LIMIT 1"
)

_Sql = tuple[str, tuple[Any, ...]]


class IsProbe(Func):
    """Whether a session is a probe."""

    output_field = BooleanField()

    def __init__(self) -> None:
        super().__init__(F("pk"))

    def as_sqlite(self, compiler: SQLCompiler, *_: Any, **__: Any) -> _Sql:
        return f"({_PROBE.format(self._table(compiler))})", ()

    def as_postgresql(self, compiler: SQLCompiler, *_: Any, **__: Any) -> _Sql:
        return self.as_sqlite(compiler)

    def _table(self, compiler: SQLCompiler) -> str:
        column, _params = compiler.compile(self.source_expressions[0])
        return column.rpartition(".")[0]


class StandsAlone(IsProbe):
    """Whether a session is no probe, or the last one of its client, hour and inbox."""

    def as_sqlite(self, compiler: SQLCompiler, *_: Any, **__: Any) -> _Sql:
        return self._sql(compiler, "SUBSTR({}.opened_at, 1, 13)", "IS")

    def as_postgresql(self, compiler: SQLCompiler, *_: Any, **__: Any) -> _Sql:
        hour = "DATE_TRUNC('hour', {}.opened_at)"
        return self._sql(compiler, hour, "IS NOT DISTINCT FROM")

    def _sql(self, compiler: SQLCompiler, hour: str, equal: str) -> _Sql:
        table = self._table(compiler)
        following = _NEXT.format(
            table,
            hour=hour.format("next"),
            probe=_PROBE.format("next"),
            same_inbox=f"next.inbox_id {equal} {table}.inbox_id",
        )
        folded = f"{hour.format(table)} {equal} ({following})"
        return f"(NOT ({_PROBE.format(table)}) OR NOT ({folded}))", ()


def is_probe(session: Session) -> bool:
    """Whether a session is a probe, by the same definition as IsProbe."""
    return (
        session.ending in ("dropped", "timeout")
        and session.direction == "in"
        and not session.octets
        and not session.last_verb
        and not session.has_no_client
    )


def hour(session: Session) -> tuple[datetime, datetime]:
    """Return the start and the end of the hour in which a session began."""
    start = session.opened_at.replace(minute=0, second=0, microsecond=0)
    return start, start + timedelta(hours=1)
