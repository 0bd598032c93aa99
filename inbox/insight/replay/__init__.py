"""A session as commands that repeat its exchanges: one for swaks, one for Python.

Secrets were never stored: their places are marked. XCLIENT and PROXY are left out,
since they speak for another client. The notes list what cannot be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from inbox.errors import NotFound
from inbox.insight.replay import python, swaks
from inbox.insight.replay.source import ReplayBody, ReplaySource
from inbox.mailbox import sessions
from inbox.mailbox.paging import MAX_LIMIT
from inbox.mailbox.scope import Scope
from inbox.mailbox.transactions import read_body
from inbox.models import Exchange, Raw, Session

INLINED = 1000  # octets of a body that is inlined in the snippet


@dataclass(frozen=True, slots=True)
class Replay:
    """The two snippets, and for each its differences from the session."""

    swaks: str
    swaks_notes: list[str]
    python: str
    python_notes: list[str]


def of(scope: Scope, id: str, origin: str) -> Replay:
    """Return the snippets that repeat a session's exchanges, at most the first 500.

    origin: of the web pages, as the user of the snippet reaches them. Raises NotFound.
    """
    session = sessions.get(scope, id)
    if session.has_no_client:
        raise NotFound(_("the client sent nothing: there is no dialogue to repeat"))
    exchanges = sessions.exchanges(scope, session.pk, limit=MAX_LIMIT)
    source = ReplaySource(
        session,
        exchanges,
        _bodies(exchanges, origin),
        cut=session.exchanges > len(exchanges),
    )
    command, command_notes = swaks.command(source)
    script, script_notes = python.script(source)
    return Replay(command, command_notes, script, script_notes)


def _bodies(exchanges: list[Exchange], origin: str) -> dict[object, ReplayBody]:
    """Return the session's bodies, by transaction; small ones with their octets."""
    ids = {each.transaction_id for each in exchanges if each.kind in ("body", "chunk")}
    chunked = {each.transaction_id for each in exchanges if each.kind == "chunk"}
    raws = Raw.objects.filter(pk__in=ids - {None})
    rows = raws.values_list("pk", "size", "complete")
    small = [key for key, size, _complete in rows if size <= INLINED]
    contents = {}
    for raw in Raw.objects.filter(pk__in=small):
        try:
            contents[raw.pk] = read_body(raw)
        except NotFound:
            continue  # its file is gone
    return {
        key: ReplayBody(
            origin + reverse("api-v3:transactions_raw", args=[key]),
            size,
            contents.get(key),
            complete,
            key in chunked,
        )
        for key, size, complete in rows
    }


__all__ = ["Replay", "ReplayBody", "ReplaySource", "Session", "of"]
