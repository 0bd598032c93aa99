"""The page Rules: the deliberate replies of the server, and the form of a rule."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import pages
from inbox.access.current import scope
from inbox.errors import Conflict, Invalid
from inbox.http.chosen_inbox import choice, chosen, kept
from inbox.mailbox import inboxes, sessions
from inbox.models import Inbox, Rule
from inbox.presenters import rule_drafts, rule_form, rule_rows, scenario_rows
from inbox.presenters.rule_form import WrongForm
from inbox.presenters.rule_rows import RuleRow
from inbox.rules import rule_sentences, rulebook, scenarios
from inbox.rules.field_table import STAGE_WORDS
from inbox.rules.rule_fields import STAGES


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The rules in their order."""
    return _listed(request)


def _rows(inbox: Inbox) -> list[RuleRow]:
    named = choice(inbox).slug
    return [rule_rows.row(each, named) for each in rulebook.find(scope(), inbox.slug)]


def _listed(request: HttpRequest, wrong: str = "") -> HttpResponse:
    """Return the page; wrong: the fault of the given speed"""
    inbox = chosen(request)
    on = scenarios.switched_on(scope(), inbox.slug)
    context = {
        "section": "rules",
        "choice": choice(inbox),
        "wrong": wrong,
        "speed": request.POST.get("speed", "")[:10],
        "rules_on": inbox.rules_on,
        "rows": _rows(inbox),
        "scenarios": [scenario_rows.row(each, on) for each in scenarios.scenarios()],
    }
    return render(request, "rules/index.html", context, status=422 if wrong else 200)


@require_POST
def switch_all(request: HttpRequest) -> HttpResponse:
    """Switch all rules on, or off."""
    inboxes.update(scope(), chosen(request).slug, rules_on="on" in request.POST)
    return _to_list(request)


@require_POST
def switch_scenario(request: HttpRequest, name: str) -> HttpResponse:
    """Switch a scenario on or off; it may be so already."""
    slug = chosen(request).slug
    if "on" in request.POST:
        try:
            speed = rule_form.speed(request.POST)
            with suppress(Conflict):  # another user was faster
                scenarios.switch_on(scope(), slug, name, speed)
        except Invalid as error:
            return _listed(request, str(error))
    else:
        scenarios.switch_off(scope(), slug, name)
    return _to_list(request, f"scenario-{name}")


@require_POST
def set_speed(request: HttpRequest) -> HttpResponse:
    """Make the waits of all rules pass faster, or at normal speed."""
    try:
        speed = rule_form.speed(request.POST)
        rulebook.set_speed(scope(), chosen(request).slug, speed)
    except Invalid as error:
        return _listed(request, str(error))
    return _to_list(request)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The form of a new rule; POST adds it. The query names a stage and a recipient."""
    return _form(request, None)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, id: str) -> HttpResponse:
    """The form of a rule; POST changes it."""
    return _form(request, rulebook.get(scope(), rulebook.number(id)))


@require_POST
def switch(request: HttpRequest, id: str) -> HttpResponse:
    """Switch a rule on or off."""
    is_on = "on" in request.POST
    rule = rulebook.change(scope(), rulebook.number(id), {"is_on": is_on})
    return _back(rule)


@require_POST
def move(request: HttpRequest, id: str) -> HttpResponse:
    """Move a rule up, or with `down` down by one.

    With `before`, put it before that rule, or at the end if empty; answer with the
    list.
    """
    number = rulebook.number(id)
    if (before := request.POST.get("before")) is not None:
        rulebook.place(scope(), number, rulebook.number(before) if before else None)
        rows = _rows(rulebook.get(scope(), number).inbox)
        return render(request, "rules/_list.html", {"rows": rows})
    rulebook.move(scope(), number, 1 if "down" in request.POST else -1)
    return _back(rulebook.get(scope(), number))


@require_POST
def remove(request: HttpRequest, id: str) -> HttpResponse:
    """Remove a rule."""
    rule = rulebook.get(scope(), rulebook.number(id))
    rulebook.delete(scope(), rule.pk)
    return redirect(_list_of(rule))


def _back(rule: Rule) -> HttpResponse:
    return redirect(f"{_list_of(rule)}#rule-{rule.pk}")


def _list_of(rule: Rule) -> str:
    """Return the URL of the page that has a rule."""
    return pages.path("rules", inbox=choice(rule.inbox).slug)


def _to_list(request: HttpRequest, part: str = "") -> HttpResponse:
    """Redirect to the page, and to a part of it."""
    path = pages.path("rules", inbox=kept(request))
    return redirect(f"{path}#{part}" if part else path)


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Show the form's current input as a sentence, with its errors."""
    context: dict[str, object] = {}
    try:
        draft = rulebook.draft(rule_form.fields(rule_form.typed(request.POST)))
        context["sentence"] = rule_sentences.sentence(draft)
    except WrongForm as error:
        context["problems"] = rule_form.labelled(error.problems)
    return render(request, "rules/_preview.html", context)


def _form(request: HttpRequest, rule: Rule | None) -> HttpResponse:
    problems = {}
    inbox = rule.inbox if rule else _inbox_for(request)
    if request.method == "POST":
        given = rule_form.typed(request.POST)
        try:
            fields = rule_form.fields(given)
            if rule is None:
                return _back(rulebook.add(scope(), inbox.slug, fields))
            return _back(rulebook.change(scope(), rule.pk, fields))
        except WrongForm as error:
            problems = error.problems
        except Invalid as error:
            problems = {"": str(error)}
    elif rule is None:
        given = _asked_for(request)
    else:
        given = rule_form.given(rule)
    context = {
        "section": "rules",
        "choice": choice(inbox),
        "rule": rule,
        "given": given,
        "problems": problems,
        "wrong": problems.get(""),
        "groups": rule_form.groups(given, problems),
        "stages": STAGE_WORDS,
    }
    return render(request, "rules/rule.html", context, status=422 if problems else 200)


def _inbox_for(request: HttpRequest) -> Inbox:
    """Return the inbox of a new rule: the form's, or that of the line it is made from."""
    if asked := request.POST.get("inbox"):
        return inboxes.by_slug(scope(), asked)
    if (line := request.GET.get("line")) and not kept(request):
        session, _seq = sessions.by_short_id(scope(), line)
        if session.inbox is not None:
            return session.inbox
    return chosen(request)


def _asked_for(request: HttpRequest) -> rule_form.Given:
    """Return the form of a new rule, prefilled from a link. Raises NotFound.

    line: a short id of an exchange; reply: an entry of a provider; else stage and
    forward_path, as values for the form.
    """
    if line := request.GET.get("line"):
        return rule_drafts.of_line(scope(), line)
    if reply := request.GET.get("reply"):
        return rule_drafts.of_reply(reply)
    stage = request.GET.get("stage", "")
    path = request.GET.get("forward_path", "")[:500]
    return rule_form.new(stage if stage in STAGES else "rcpt", forward_path=path)
