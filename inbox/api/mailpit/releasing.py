"""Mailpit's release: through the queue of a route, which must allow every recipient."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from inbox.api.mailpit.common import found, ok
from inbox.api.plain_answers import GoObject, PlainError, read_json
from inbox.api.v3.common import scope
from inbox.errors import Conflict, Invalid, NotFound
from inbox.models import Route
from inbox.outgoing import allowing, releases, routes

_NO_ROUTE = (
    "SMTP error: Mailsink has no route through which mail may leave; add one on its "
    "page Outgoing, or with POST /api/v3/routes"
)


def release(request: HttpRequest, id: str) -> HttpResponse:
    """Queue a message for recipients. It leaves unchanged."""
    message = found(request, id)
    given = read_json(request.body)
    asked = GoObject({"To": given} if isinstance(given, list) else given)
    paths = list(dict.fromkeys(_path(each) for each in asked.texts("To")))
    if not paths:
        raise PlainError("No valid addresses found")
    by = request.META["REMOTE_ADDR"]
    try:
        releases.request(scope(), message.pk, _route(paths).name, paths, by)
    except (Conflict, Invalid, NotFound) as error:
        raise PlainError(f"SMTP error: {error}") from None
    return ok()


def _path(address: str) -> str:
    try:
        return routes.mailbox(address)
    except Invalid:
        raise PlainError(f"Invalid email address: {address[:254]}") from None


def _route(paths: Sequence[str]) -> Route:
    """Return the first route that allows all recipients. Raises PlainError."""
    known = routes.find()
    if not known:
        raise PlainError(_NO_ROUTE)
    refused: list[str] = []
    for route in known:
        wrong = [
            path for path in paths if allowing.refusal(path, route.allow, route.deny)
        ]
        if not wrong:
            return route
        refused = refused or wrong
    raise PlainError(
        f"Failed: Address(es) do not match the allowlist: {', '.join(refused)}"
    )
