"""Rules as a file: the export, and the form that imports one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from inbox import pages
from inbox.access.current import scope
from inbox.errors import UserError
from inbox.http import files
from inbox.http.chosen_inbox import choice, chosen, kept
from inbox.rules import rule_files as rules_in_files
from inbox.rules.rule_texts import MOST_OCTETS


@require_GET
def export(request: HttpRequest, form: str) -> HttpResponse:
    """The rules in their order, as JSON or YAML."""
    known: rules_in_files.Format = "json" if form == "json" else "yaml"
    text = rules_in_files.export(scope(), chosen(request).slug, known)
    return files.saved(text.encode(), f"application/{known}", f"rules.{known}")


@require_http_methods(["GET", "POST"])
def take(request: HttpRequest) -> HttpResponse:
    """The form; POST adds the rules of a file or text.

    After an error, the form keeps the text.
    """
    inbox = chosen(request)
    context: dict[str, object] = {"section": "rules", "choice": choice(inbox)}
    if request.method == "POST":
        file = request.FILES.get("file")
        text = request.POST.get("text", "")
        octets = file.read(MOST_OCTETS + 1) if file else text.encode("utf-8", "replace")
        instead = "instead" in request.POST
        try:
            rules_in_files.take(scope(), inbox.slug, octets, instead)
            return redirect(pages.path("rules", inbox=kept(request)))
        except UserError as error:
            if file and len(octets) <= MOST_OCTETS:
                text = octets.decode("utf-8", "replace")
            context |= {"wrong": str(error), "text": text, "instead": instead}
    status = 422 if "wrong" in context else 200
    return render(request, "rules/import.html", context, status=status)
