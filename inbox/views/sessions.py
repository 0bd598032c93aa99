"""The sessions' pages: the list, one session's transcript, and fragments of both.

Pages fetch the fragments after a change in the live feed: words and markup are made
only here.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from inbox import explain, pages
from inbox.access.current import scope
from inbox.errors import BadRequest, NotFound
from inbox.explain.lines import protocol
from inbox.explain.outcomes import peer
from inbox.http.origins import origin
from inbox.insight import (
    attempts,
    exchange_details,
    findings,
    session_facts,
)
from inbox.insight import replay as replays
from inbox.mailbox import inboxes, sessions, shared_sessions
from inbox.mailbox.sessions import NotYet
from inbox.models import Message, Session, Transaction
from inbox.presenters import filters, provider_rows, session_rows, transcript
from inbox.presenters.attempts import history_panel
from inbox.presenters.transcript import LINES
from inbox.rules.dry_lines import is_asked
from inbox.search.language import BadQuery
from inbox.views import errors
from mailsink.ids import short_id

ROWS = 50  # ended sessions on a page
LIVE_ROWS = 100


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list: live sessions on top, then a page of ended ones."""
    try:
        lists = _lists(request.GET.get("cursor"), filters.chosen(request.GET))
    except BadRequest as error:
        raise NotFound(
            _("There is no such page of sessions: %(error)s") % {"error": error}
        ) from None
    context = {"section": "sessions", "filters": filters, **lists}
    return render(request, "session/index.html", context)


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """A fragment: the rows of the sessions named by id that match, or both lists again."""
    chosen = filters.chosen(request.GET)
    ids = request.GET.getlist("id")[:ROWS]
    if not ids:
        return render(request, "session/_list.html", _lists(None, chosen))
    try:
        found = _rows(
            sessions.by_ids(scope(), ids, chosen.text, not chosen.text), chosen
        )
    except BadQuery:
        found = []
    return render(request, "session/_rows.html", {"rows": found})


@require_GET
def session(request: HttpRequest, id: UUID) -> HttpResponse:
    """One session with its transcript, up to one page of lines."""
    try:
        found = _found(id)
    except NotFound:
        line = _number(request.GET.get("exchange")) or 0
        if own := shared_sessions.own_mail(scope(), id, id, line):
            return redirect(_page_of(own))
        raise
    panel = request.GET.get("panel", "")
    chosen = _number(request.GET.get("exchange"))
    after = _window(found, chosen, _number(request.GET.get("after")))
    evidence = findings.evidence(found)
    head = session_rows.head(found, evidence)
    opened_at = None if chosen or panel else head.failed_at
    context = _transcript(found, after, chosen or opened_at, evidence) | _lists(None)
    context |= {
        "head": head,
        "opened_at": opened_at,
        "panel": panel,
        "title": peer(found),
        "section": "sessions",
    }
    if context["panel"] == "replay":
        context |= _replay(request, found)
    return render(request, "session/session.html", context)


@require_GET
def head(request: HttpRequest, id: UUID) -> HttpResponse:
    """A fragment: the part above the transcript."""
    found = _found(id)
    shown = session_rows.head(found, findings.evidence(found))
    return render(request, "session/_head.html", {"head": shown})


@require_GET
def exchanges(request: HttpRequest, id: UUID) -> HttpResponse:
    """A fragment: at most `limit` lines after a seq, or the last ones."""
    found = _found(id)
    last = _number(request.GET.get("last"))
    limit = min(last or _number(request.GET.get("limit")) or LINES, LINES)
    after = _number(request.GET.get("after")) or 0
    if last:
        after = max(0, found.exchanges - limit)
    lines = transcript.window(found, after, limit)
    return render(request, "session/_lines.html", lines)


@require_GET
def exchange(request: HttpRequest, id: UUID, seq: int) -> HttpResponse:
    """A fragment: one exchange, explained."""
    found = _found(id)
    panel = _explained(found, seq)
    if not panel:
        raise NotFound(_("the session has no exchange %(seq)s") % {"seq": seq})
    return render(request, "session/_exchange.html", panel)


@require_GET
def replay(request: HttpRequest, id: UUID) -> HttpResponse:
    """A fragment: scripts that repeat the session's exchanges."""
    found = _found(id)
    return render(request, "session/_replay.html", _replay(request, found))


def _replay(request: HttpRequest, session: Session) -> dict[str, object]:
    return {"replay": replays.of(scope(), str(session.id), origin(request))}


@require_GET
def trouble(request: HttpRequest, id: UUID) -> HttpResponse:
    """Redirect to the next line with trouble after a line, or before it."""
    found = _found(id)
    after, before = (_number(request.GET.get(key)) for key in ("after", "before"))
    back = before is not None
    seq = sessions.next_trouble(scope(), found.id, before or after or 0, back=back)
    seq = seq or before or after
    return redirect(pages.line(found.id, seq) if seq else found)


@require_GET
def short(request: HttpRequest, short: str) -> HttpResponse:
    """The page of the session of a refusal's link, with that line selected."""
    try:
        found, seq = sessions.by_short_id(scope(), short)
    except NotFound as error:
        if own := shared_sessions.named(scope(), short):
            return redirect(_page_of(own))
        if isinstance(error, NotYet):
            # A client has the link before the rows are committed: make the browser try
            # again.
            response = errors.answer(request, NotFound(_(COMING)))
            response["Refresh"] = "1"
            return response
        raise NotFound(_(GONE)) from None
    return redirect(pages.line(found.id, seq))


def _page_of(own: Message | Transaction) -> str:
    """Return the URL of the reader's own mail in a session that also brought others' mail."""
    name = "message" if isinstance(own, Message) else "transaction"
    return pages.path(name, own.pk, tab="smtp")


COMING = gettext_noop(
    "This session has only just begun. Its lines will be here in a second."
)
GONE = gettext_noop(
    "There is no such session. It may have been removed to make room: Mailsink keeps "
    "only the newest ones (MAILSINK_RETENTION_SESSIONS, MAILSINK_RETENTION_DAYS)."
)


@require_GET
def missing(request: HttpRequest, id: str) -> HttpResponse:
    """Treat an invalid id of a session or line like one that does not exist."""
    raise NotFound(_(GONE))


def _found(id: UUID) -> Session:
    try:
        return sessions.get(scope(), id)
    except NotFound:
        raise NotFound(_(GONE)) from None


def _number(text: str | None) -> int | None:
    """Return a seq from the query; None if it is not a valid number."""
    good = text and text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) if text and good else None


def _window(session: Session, chosen: int | None, after: int | None) -> int:
    """Return the seq after which the page's lines begin.

    They are around the selected one, or as requested; a live session is shown from its
    end.
    """
    if after is not None:
        return after
    if chosen is not None and chosen > LINES:
        return chosen - LINES // 2
    if chosen is None and session.ending is None:
        return max(0, session.exchanges - LINES)
    return 0


def _transcript(
    session: Session,
    after: int,
    chosen: int | None,
    evidence: findings.SessionEvidence,
) -> dict[str, object]:
    last = after + LINES
    if chosen is not None:
        panel = _explained(session, chosen, evidence)
    else:
        found = findings.of_session(session, evidence)
        report = _report(session, found, "?panel=findings")
        panel = {**report, "nothing": _("No findings in this session.")}
    return {
        **panel,
        "session": session,
        **transcript.window(session, after, evidence=evidence),
        "chosen": chosen if "exchange" in panel else None,
        "wanted": chosen,
        "earlier": max(0, after - LINES) if after else None,
        "later": last if last < session.exchanges else None,
    }


def _explained(
    session: Session, seq: int, evidence: findings.SessionEvidence | None = None
) -> dict[str, object]:
    """Return the context of the side panel for an exchange; empty if there is none."""
    try:
        one, then = exchange_details.exchange(scope(), session.id, seq)
    except NotFound:
        return {}
    report = findings.of_exchange(session, one, evidence)
    library = report.client.key
    return {
        "exchange": one,
        "inbox_id": session.inbox_id,
        "about": explain.line(one),
        "reason": explain.reason(one),
        "advice": explain.advice(one, library) if one.direction == "in" else None,
        "documented": provider_rows.rows(one),
        "then": then,
        "protocol": protocol(one),
        "link": next(iter(session_facts.links(scope(), [one]).values()), None),
        "open": session.ending is None,
        "short": short_id(session.id, seq),
        "ruled": is_asked(one),
        "history": history_panel(attempts.of_exchange(scope(), one)),
        **_report(session, report, f"?exchange={seq}"),
        "nothing": "",
    }


def _report(
    session: Session, report: findings.FindingsReport, query: str
) -> dict[str, object]:
    """Return the context of a list of findings; query: where its forms return to"""
    return {
        "session": session,
        "report": report,
        "inbox": inboxes.slug(session.inbox_id),
        "back": f"{session.get_absolute_url()}{query}",
    }


def _rows(
    found: Sequence[Session], chosen: filters.SessionFilter
) -> list[session_rows.SessionListRow]:
    """Return the rows of a list, in which probes are folded unless a filter is chosen."""
    probes = {} if chosen.text else sessions.probes(found)
    return session_rows.rows(found, probes)


def _lists(
    cursor: str | None, chosen: filters.SessionFilter = filters.NOTHING_CHOSEN
) -> dict[str, object]:
    """Return both lists; or none, and the reason, if the filter cannot be parsed."""
    context: dict[str, object] = {
        "cursor": cursor,
        "filter": chosen,
        "sketch": session_rows.SKETCH,
    }
    q = chosen.text
    try:
        # Live ones first: a session that ends between the two queries is then in both,
        # else in none.
        live = sessions.find(scope(), limit=0 if cursor else LIVE_ROWS, live=True, q=q)
        page = sessions.find(
            scope(), cursor=cursor, limit=ROWS, live=False, q=q, fold=not q
        )
    except BadQuery as error:
        return {**context, "problem": str(error), "ended": [], "live": []}
    ended = {each.pk for each in page.items}
    still_live = [each for each in live.items if each.pk not in ended]
    return {
        **context,
        "next": page.next,
        "ended": _rows(page.items, chosen),
        "live": session_rows.rows(still_live) if not cursor else [],
        "more_live": bool(not cursor and live.next),
    }
