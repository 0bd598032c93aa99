"""The tries of one message as pages show them: fragments, renewed as more are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox.services import attempts, messages, sessions
from inbox.services.explain import stories
from inbox.services.explain.quantities import waited
from inbox.services.explain.stories import Story, Try
from inbox.services.paging import NotFound
from inbox.services.scope import ALL


@dataclass(frozen=True, slots=True)
class Row:
    """A try in the list."""

    one: Try
    label: str
    tone: str
    words: str
    waited: str  # since the one before; "" for the first
    this: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A story in words; without rows where there was only one try."""

    summary: str
    upshot: str
    upshot_url: str  # where it was accepted in the end
    basis: str
    rows: list[Row]


def told(story: Story | None) -> Told | None:
    """Return a story as pages show it; None where there is none."""
    if story is None:
        return None
    waits = [
        "",
        *(_("%(each)s later") % {"each": waited(each)} for each in story.waits),
    ]
    rows = [
        Row(one, stories.label(one), stories.tone(one), stories.words(one), wait, at == story.at)
        for at, (one, wait) in enumerate(zip(story.tries, waits, strict=True))
    ]  # fmt: skip
    upshot = stories.upshot(story)
    later = story.tries[story.at + 1 :] if upshot else ()
    return Told(
        summary=stories.summary(story),
        upshot=upshot,
        upshot_url=next((each.url for each in later if each.accepted), ""),
        basis=stories.basis(story),
        rows=rows if story.several else [],
    )


@require_GET
def of_message(request: HttpRequest, id: str) -> HttpResponse:
    """A fragment: the attempts at sending a message."""
    return _shown(request, lambda: _of_message(id))


@require_GET
def of_transaction(request: HttpRequest, id: str) -> HttpResponse:
    """A fragment: the attempts at sending what a transaction tried to."""
    return _shown(request, lambda: attempts.of_transaction(ALL, id))


@require_GET
def of_exchange(request: HttpRequest, id: str, seq: int) -> HttpResponse:
    """A fragment: the attempts that a line of a session is part of."""
    return _shown(request, lambda: _of_exchange(id, seq))


def _of_message(id: str) -> Story:
    return attempts.of_transaction(ALL, messages.get(ALL, id).transaction_id)


def _of_exchange(id: str, seq: int) -> Story | None:
    lines = sessions.exchanges(ALL, id, after=seq - 1, limit=1)
    found = lines and lines[0].seq == seq
    return attempts.of_exchange(ALL, lines[0]) if found else None


def _shown(request: HttpRequest, find: Callable[[], Story | None]) -> HttpResponse:
    try:
        story = find()
    except NotFound as error:
        raise Http404(str(error)) from None
    return render(request, "attempts/_story.html", {"story": told(story)})
