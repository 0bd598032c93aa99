"""The page of replies that mail providers document."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.http.chosen_inbox import choice, chosen
from inbox.presenters import provider_rows, scenario_rows
from inbox.providers.provider_replies import search
from inbox.rules import scenarios

_LONGEST = 200  # characters of a search


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """All entries, or those with the words of `q`, and the scenarios made from them."""
    q = request.GET.get("q", "").strip()[:_LONGEST]
    inbox = chosen(request)
    on = scenarios.switched_on(scope(), inbox.slug)
    context = {
        "section": "rules",
        "choice": choice(inbox),
        "q": q,
        "rows": [provider_rows.entry_row(each) for each in search(q)],
        "scenarios": [
            scenario_rows.row(each, on)
            for each in scenarios.scenarios()
            if each.of_provider
        ],
    }
    return render(request, "rules/providers.html", context)
