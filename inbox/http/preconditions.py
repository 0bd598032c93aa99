"""Changes of what a client has seen: If-Match (RFC 9110 §13.1.1) names the tag that GET gave."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from inbox.errors import UserError
from inbox.http import entity_tags
from inbox.http.problems import problem
from inbox.storage.write_lock import turn_until_written

RunOperation = Callable[..., HttpResponseBase]


def if_match(tag: Callable[..., str]) -> Callable[[RunOperation], RunOperation]:
    """Return a decorator: 412 unless the tag is one that If-Match names (RFC 9110 §13.1.1).

    tag: of what GET on the same address answers; it takes the request and the parameters
    of the path. In this process nobody writes between the comparison and
    the first write of the change.
    """

    def decorate(change: RunOperation) -> RunOperation:
        @wraps(change)
        def answer(request: HttpRequest, **given: Any) -> HttpResponseBase:
            field = request.headers.get("If-Match")
            if field is None:
                return change(request, **given)
            with turn_until_written():
                try:
                    is_same = entity_tags.names(field, tag(request, **given))
                except UserError:
                    return change(request, **given)  # which says what is wrong
                if not is_same:
                    return problem(412, "it was changed since: GET it again")
                return change(request, **given)

        return answer

    return decorate


def of_view(view: Callable[..., HttpResponse]) -> Callable[..., str]:
    """Return the function that makes the tag of what a view answers."""
    return lambda request, **given: entity_tags.of(view(request, **given).content)
