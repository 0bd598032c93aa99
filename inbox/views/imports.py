"""The page that takes files with messages, also without scripts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inbox.access.current import scope
from inbox.http.chosen_inbox import choice, chosen
from inbox.live.protocol import process
from inbox.mailbox import inboxes
from inbox.mailbox.importing import Importer


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """A form for files: .eml, or mbox; with the result of an import."""
    inbox = chosen(request)
    if asked := request.POST.get("inbox"):
        inbox = inboxes.by_slug(scope(), asked)
    context: dict[str, object] = {"section": "inbox", "choice": choice(inbox)}
    if request.method == "POST":
        importer = Importer(inbox, process(), request.META["REMOTE_ADDR"])
        for file in request.FILES.getlist("file"):
            importer.read_file(file)
        done, given = importer.done, bool(request.FILES)
        context["result"] = done.sentence if given else _("Select a file first.")
        context["wrong"] = not given or bool(done.failed)
    status = 422 if context.get("wrong") else 200
    return render(request, "inbox/import.html", context, status=status)
