"""The page of a dry run: the replies of the rules to an address, a message or a session."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.errors import Invalid, NotFound, UserError
from inbox.http.chosen_inbox import choice, chosen
from inbox.policy import strict_setting
from inbox.policy.message_judge import has_errors
from inbox.presenters import dry_rows
from inbox.rules import dry_lines, dry_run
from inbox.rules.dry_lines import DryLine

_LONGEST = 300  # characters of a value


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The form, and below it the replies to `of` in the query."""
    given = {
        name: request.GET.get(name, "").strip()[:_LONGEST]
        for name in ("of", "sender", "client", "helo", "user")
    } | {"tls": "yes" if request.GET.get("tls") else ""}
    inbox = chosen(request)
    context: dict[str, object] = {"section": "rules", "given": given, "choice": choice(inbox)}  # fmt: skip
    status = 200
    if given["of"]:
        try:
            lines, ends = _lines(given)
            ignored = strict_setting.ignored_in(scope(), inbox.slug)
            judge = partial(has_errors, ignored)
            found = dry_run.run(
                scope(), inbox.slug, lines, until_refused=ends, has_errors=judge
            )
            context |= {"run": found, "rows": dry_rows.rows(found)}
        except UserError as error:
            context["wrong"], status = str(error), error.status
    return render(request, "rules/trial.html", context, status=status)


def _lines(given: dict[str, str]) -> tuple[Iterable[DryLine], bool]:
    """Return the lines to try, and whether they end at a refusal.

    Raises Invalid, NotFound.
    """
    of = given["of"]
    if "@" in of:
        return dry_lines.made_up(dry_lines.checked(of, given)), True
    try:
        id = str(UUID(of.rstrip("/").rpartition("/")[2].partition("?")[0]))
    except ValueError:
        raise Invalid(_("Write an address, or the id or the link of a message or a session.")) from None  # fmt: skip
    try:
        return list(dry_lines.of_message(scope(), id)), True
    except NotFound:
        return list(dry_lines.of_session(scope(), id)), False
