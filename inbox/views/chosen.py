"""Actions on chosen messages: by the list's form, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inbox import pages
from inbox.access.current import scope
from inbox.access.roles import Role
from inbox.errors import Invalid
from inbox.http.streams import streamed
from inbox.mailbox import archive, marking, selection, trash
from inbox.mailbox.marking import Marks
from inbox.mailbox.selection import Selection
from inbox.search import language
from inbox.views.errors import wants_json

_EML = "eml"
_LONGEST_URL = 6000  # characters: with its cookies, a head has 8 KiB in many proxies
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

_OF_VIEWERS = ("read", "unread")


@require_POST
def act(request: HttpRequest) -> HttpResponseBase:
    """Do what `do` says with the messages `id` or `ids`, or with all that match `q`.

    ids: by comma; `all` has to be "yes" for all. Answers a JSON object where that is
    asked for, else goes back to the list; files are redirected to.
    """
    do = request.POST.get("do", "")
    what = chosen_by(request)
    if do in archive.FORMATS:
        return _download(what, do)
    if do == _EML:
        return _download_one(what)
    if do == "compare":
        return _compare(what)
    return _done(request, *_act(request, do, what))


def chosen_by(request: HttpRequest) -> Selection:
    """Return the messages that a form names. Raises Invalid."""
    if request.POST.get("all") == "yes":
        return Selection(q=request.POST.get("q", ""))
    ids = [*request.POST.getlist("id"), *request.POST.get("ids", "").split(",")]
    what = selection.by_ids([each for each in ids if each])
    if not what.ids:
        raise Invalid(_("Nothing is chosen: tick the messages first."))
    return what


def _act(request: HttpRequest, do: str, what: Selection) -> tuple[int, datetime | None]:
    """Return how many messages it was done with, and by what a deletion is undone."""
    if do == "delete":
        least = Role.MANAGER if what.is_everything else Role.TESTER
        gone = trash.delete(scope(least), what, request.META["REMOTE_ADDR"])
        return gone.count, gone.at
    if do not in _MARKS:
        known = ", ".join([*_MARKS, "delete", "compare", _EML, *archive.FORMATS])
        raise Invalid(
            _('"%(do)s" is nothing that can be done; there is %(known)s')
            % {"do": do[:40], "known": known}
        )
    marks = _MARKS[do](request.POST.get("tag", ""))
    least = Role.VIEWER if do in _OF_VIEWERS else Role.TESTER
    return marking.update_many(scope(least), what, marks), None


def _download(what: Selection, format: str) -> HttpResponseBase:
    """Redirect to the archive; one of more ids than a URL may hold is made here.

    The archive's route is answered beside the server, where it delays no mail.
    """
    language.parse(what.q)  # its errors are for people here
    url = pages.path("api-v3:messages_download_many", format=format, **_named(what))
    if len(url) <= _LONGEST_URL:
        return HttpResponseRedirect(url, status=303)
    content_type, name = archive.FORMATS[format]  # type: ignore[index]
    chunks = archive.chunks(scope(), what, format)  # type: ignore[arg-type]
    return streamed(chunks, content_type, name)


def _named(what: Selection) -> dict[str, str]:
    """Return the parameters by which the API names messages."""
    if what.ids is not None:
        return {"ids": ",".join(map(str, what.ids))}
    return {"q": what.q} if what.q.strip() else {"all": "true"}


def _download_one(what: Selection) -> HttpResponse:
    if what.ids is None or len(what.ids) != 1:
        raise Invalid(_("Choose one message to download it as .eml, or a .zip."))
    url = pages.path("api-v3:messages_raw", what.ids[0])
    return HttpResponseRedirect(url, status=303)


def _compare(what: Selection) -> HttpResponse:
    if what.ids is None or len(what.ids) != 2:
        raise Invalid(_("Choose two messages to compare them."))
    older, newer = sorted(what.ids)
    return redirect(pages.path("compare", a=older, b=newer))


def _done(request: HttpRequest, count: int, at: datetime | None) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"count": count, "at": at.isoformat() if at else None})
    return back(request, "inbox")


def back(request: HttpRequest, name: str) -> HttpResponse:
    """Return to the list of this name, by the search that the form was sent with."""
    return redirect(pages.path(name, q=request.POST.get("q", "")))
