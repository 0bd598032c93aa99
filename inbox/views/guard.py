"""The page of the guard: its switch, its list, and today's mail that it would have let out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from inbox.access.current import scope
from inbox.errors import Conflict, Invalid, NotFound
from inbox.explain.quantities import counted
from inbox.http import zone
from inbox.outgoing import guarding, routes, switch, todays_mail
from inbox.presenters import release_rule_rows


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The form and the counts; POST changes the guard."""
    state = guarding.state()
    given = {
        "on": state.is_on,
        "allow": "" if state.fault else "\n".join(state.allow),
        "route": state.route.name if state.route else "",
    }
    wrong, status = "", 200
    if request.method == "POST":
        post = request.POST
        given = {
            "on": "on" in post or guarding.is_always_on(),
            "allow": post.get("allow", ""),
            "route": post.get("route", ""),
        }
        try:
            allow = str(given["allow"]).splitlines()
            guarding.change(bool(given["on"]), allow, str(given["route"]))
            return redirect("guard")
        except (Conflict, Invalid, NotFound) as error:
            wrong = str(error)
            status = 422 if isinstance(error, NotFound) else error.status
    today = todays_mail.count(scope(), zone.midnight(request))
    context = {
        "section": "outgoing",
        "is_on": switch.is_on(),
        "state": state,
        "always_on": guarding.is_always_on(),
        "given": given,
        "wrong": wrong,
        "routes": routes.find(),
        "today": today,
        "messages": counted(today.messages, "message"),
        "domains": counted(today.domains, "domain"),
        "rows": list(map(release_rule_rows.domain_row, today.rows)),
    }
    return render(request, "outgoing/guard.html", context, status=status)
