"""Actions on chosen messages: through the list's form, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inbox import pages
from inbox.access import assigning, emptying
from inbox.access.current import scope
from inbox.access.roles import Role
from inbox.errors import Conflict, Invalid, NotFound
from inbox.http.streams import streamed
from inbox.mailbox import archive, inboxes, marking, selection, trash
from inbox.mailbox.marking import Marks
from inbox.mailbox.selection import Selection
from inbox.search import language
from inbox.views.errors import wants_json

_EML = "eml"
_LONGEST_URL = 6000  # characters: many proxies limit a head, with its cookies, to 8 KiB
_MARKS: dict[str, Callable[[str], Marks]] = {
    "read": lambda tag: Marks(read=True),
    "unread": lambda tag: Marks(read=False),
    "pin": lambda tag: Marks(pinned=True),
    "unpin": lambda tag: Marks(pinned=False),
    "new": lambda tag: Marks(status="new"),
    "ok": lambda tag: Marks(status="ok"),
    "bug": lambda tag: Marks(status="bug"),
    "tag": lambda tag: Marks(add=[tag]),
    "untag": lambda tag: Marks(remove=[tag.strip()]),
}

_ASSIGN = "assign"
_OF_VIEWERS = ("read", "unread")


@require_POST
def act(request: HttpRequest) -> HttpResponseBase:
    """Do the action `do` with the messages `id` or `ids`, or with all that match `q`.

    ids: separated by commas; `all` must be "yes" for all messages. Answers with a JSON
    object if the request asks for one; else redirects to the list, or to a file.
    """
    do = request.POST.get("do", "")
    what = chosen_by(request)
    if do in archive.FORMATS:
        return _download(what, do)
    if do == _EML:
        return _download_one(what)
    if do == "compare":
        return _compare(what)
    if do == "delete":
        return _delete(request, what)
    return _done(request, _mark(request, do, what))


@require_GET
def much(request: HttpRequest) -> HttpResponse:
    """Ask for an inbox's slug before messages in it are deleted.

    The messages are those that match `q`.
    """
    return _ask(request, request.GET.get("q", ""))


def chosen_by(request: HttpRequest) -> Selection:
    """Return the messages that a form names. Raises Invalid."""
    if request.POST.get("all") == "yes":
        return Selection(q=request.POST.get("q", ""))
    ids = [*request.POST.getlist("id"), *request.POST.get("ids", "").split(",")]
    what = selection.by_ids([each for each in ids if each])
    if not what.ids:
        raise Invalid(_("Nothing is selected: select the messages first."))
    return what


def _delete(request: HttpRequest, what: Selection) -> HttpResponse:
    """Delete messages; if a slug was typed, only in that inbox."""
    within = emptying.scope_to_delete(what)
    slug = request.POST.get("slug")
    if slug is not None:
        try:
            what = replace(what, inbox=inboxes.by_slug(within, slug.strip()).slug)
        except NotFound as error:
            return _ask(request, what.q, str(error))
    elif emptying.has_to_be_typed(what):
        return _to_type(request, what)
    gone = trash.delete(within, what, request.META["REMOTE_ADDR"])
    return _done(request, gone.count, gone.at)


def _to_type(request: HttpRequest, what: Selection) -> HttpResponse:
    """Redirect to the form that asks for a slug."""
    url = pages.path("messages-much", q=what.q)
    if not wants_json(request):
        return redirect(url)
    words = _("Type the slug of the inbox first.")
    return JsonResponse({"detail": words, "page": url}, status=Conflict.status)


def _ask(request: HttpRequest, query: str, wrong: str = "") -> HttpResponse:
    context = {
        "query": query,
        "inboxes": inboxes.find(scope(Role.MANAGER)),
        "wrong": wrong,
    }
    status = Invalid.status if wrong else 200
    return render(request, "inbox/much.html", context, status=status)


def _mark(request: HttpRequest, do: str, what: Selection) -> int:
    """Mark messages; return their number."""
    least = Role.VIEWER if do in _OF_VIEWERS else Role.TESTER
    within = scope(least)
    if do == _ASSIGN:
        name = request.POST.get("assignee", "")
        marks = Marks(assignee=assigning.found(within, what, name))
    elif do in _MARKS:
        marks = _MARKS[do](request.POST.get("tag", ""))
    else:
        others = (_ASSIGN, "delete", "compare", _EML, *archive.FORMATS)
        raise Invalid(
            _('"%(do)s" is not a known action; known are %(known)s')
            % {"do": do[:40], "known": ", ".join([*_MARKS, *others])}
        )
    return marking.update_many(within, what, marks)


def _download(what: Selection, format: str) -> HttpResponseBase:
    """Redirect to the archive; with more ids than fit in a URL, make the archive here.

    Another process answers the archive's route, where it delays no mail.
    """
    language.parse(what.q)  # errors must be shown to the user here
    url = pages.path("api-v3:messages_download_many", format=format, **_named(what))
    if len(url) <= _LONGEST_URL:
        return HttpResponseRedirect(url, status=303)
    content_type, name = archive.FORMATS[format]  # type: ignore[index]
    chunks = archive.chunks(scope(), what, format)  # type: ignore[arg-type]
    return streamed(chunks, content_type, name)


def _named(what: Selection) -> dict[str, str]:
    """Return the API's parameters for messages."""
    if what.ids is not None:
        return {"ids": ",".join(map(str, what.ids))}
    return {"q": what.q} if what.q.strip() else {"all": "true"}


def _download_one(what: Selection) -> HttpResponse:
    if what.ids is None or len(what.ids) != 1:
        raise Invalid(_("Select one message to download it as .eml, or choose .zip."))
    url = pages.path("api-v3:messages_raw", what.ids[0])
    return HttpResponseRedirect(url, status=303)


def _compare(what: Selection) -> HttpResponse:
    if what.ids is None or len(what.ids) != 2:
        raise Invalid(_("Select two messages to compare them."))
    older, newer = sorted(what.ids)
    return redirect(pages.path("compare", a=older, b=newer))


def _done(request: HttpRequest, count: int, at: datetime | None = None) -> HttpResponse:
    """Return the number of messages of an action, and the key for undoing a deletion."""
    if wants_json(request):
        return JsonResponse({"count": count, "at": at.isoformat() if at else None})
    return back(request, "inbox")


def back(request: HttpRequest, name: str) -> HttpResponse:
    """Return to the list of this name, with the form's search."""
    return redirect(pages.path(name, q=request.POST.get("q", "")))
