"""Getting started: the checklist for missing mail, and the test message."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from inbox.access.current import scope
from inbox.mailbox import inboxes, sessions
from inbox.onboarding import probe, testmail
from inbox.onboarding.endpoints import reach
from inbox.upkeep import servers


@require_GET
def nothing_arriving(request: HttpRequest) -> HttpResponse:
    """The checklist; `word` in the query keeps the one-time word across reloads."""
    word = probe.word(request.GET.get("word", ""))
    return render(request, "welcome/nothing_arriving.html", _steps(word))


@require_GET
def steps(request: HttpRequest) -> HttpResponse:
    """A fragment: the findings of the checklist so far, for this word."""
    word = probe.word(request.GET.get("word", ""))
    return render(request, "welcome/_steps.html", _steps(word))


@require_POST
def test_message(request: HttpRequest) -> HttpResponse:
    """Send the test message through SMTP, and show the result (a fragment)."""
    sent: dict[str, object]
    try:
        sent = {"id": testmail.send(reach(servers.current_smtp())), "sent": True}
    except testmail.NotSent as error:
        sent = {"error": str(error)}
    page = "_sent.html" if request.headers.get("HX-Request") else "sent.html"
    return render(request, f"welcome/{page}", sent)


def _steps(word: str) -> dict[str, object]:
    running = servers.alive()
    started_at = min((each.started_at for each in running), default=None)
    last = sessions.last_connection(scope())
    return {
        "section": "connect",
        "word": word,
        "name": f"{word}.{probe.DOMAIN}",
        "started_at": started_at,
        "last": last,
        "fresh": bool(last and started_at and last.opened_at >= started_at),
        "probe": probe.arrival(scope(), word),
        "inbox": inboxes.usual(scope()),
    }
