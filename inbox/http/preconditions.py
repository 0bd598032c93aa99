"""Conditional changes: If-Match (RFC 9110 §13.1.1) names the tag from a previous GET."""

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


def if_match(
    tag: Callable[..., str], *, is_final: bool = False
) -> Callable[[RunOperation], RunOperation]:
    """Return a decorator: answer 412 unless If-Match names the tag (RFC 9110 §13.1.1).

    tag: returns the tag of GET at the same URL; it takes the request and the parameters
    of the path. In this process, no other write comes between the comparison and the
    first write of the change. is_final: nobody else can change the object, so no other
    writer has to wait
    """

    def decorate(change: RunOperation) -> RunOperation:
        @wraps(change)
        def answer(request: HttpRequest, **given: Any) -> HttpResponseBase:
            field = request.headers.get("If-Match", entity_tags.ANY).strip()
            if field == entity_tags.ANY:
                return change(request, **given)  # which reports if there is none

            def is_same() -> bool:
                try:
                    return entity_tags.names(field, tag(request, **given))
                except UserError:
                    return True  # the change reports the error

            # Making the answer of GET may take a second. Mail would wait for the turn,
            # so only a client with the right tag gets one; then the tag is compared
            # again, as it may have changed.
            if not is_same():
                return _changed_since()
            if is_final:
                return change(request, **given)
            with turn_until_written():
                return change(request, **given) if is_same() else _changed_since()

        return answer

    return decorate


def _changed_since() -> HttpResponse:
    return problem(412, "it has changed since: GET it again")


def of_view(view: Callable[..., HttpResponse]) -> Callable[..., str]:
    """Return the function that makes the tag of a view's answer."""
    return lambda request, **given: entity_tags.of(view(request, **given).content)
