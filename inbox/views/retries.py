"""The retry report: for one message, and for all messages that a scenario acted on."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.http.chosen_inbox import choice, chosen
from inbox.insight import retries
from inbox.insight.retries import rules_report
from inbox.presenters import retry_rows, scenario_rows
from inbox.rules import scenarios


@require_GET
def of_transaction(request: HttpRequest, id: UUID) -> HttpResponse:
    """The report on the message of a transaction."""
    report = retry_rows.panel(retries.of_transaction(scope(), id))
    return render(request, "retries/message.html", {"section": "rules", "report": report})  # fmt: skip


@require_GET
def of_scenario(request: HttpRequest, name: str) -> HttpResponse:
    """The report on the messages that a scenario has acted on since it was switched on."""
    wanted = scenarios.scenario(name)
    inbox = chosen(request)
    rules = scenarios.rules_of(scope(), inbox.slug, name)
    found = rules_report.of_rules(scope(), rules)
    on = scenarios.switched_on(scope(), inbox.slug)
    context = {
        "section": "rules",
        "choice": choice(inbox),
        "scenario": scenario_rows.row(wanted, on),
        "numbers": retry_rows.numbers(found),
        "turned_away": retry_rows.turned_away(found),
        "reports": [retry_rows.panel(each) for each in found.reports],
        "more": found.more,
    }
    return render(request, "retries/scenario.html", context)
