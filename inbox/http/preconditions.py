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


def if_match(
    tag: Callable[..., str], *, is_final: bool = False
) -> Callable[[RunOperation], RunOperation]:
    """Return a decorator: 412 unless the tag is one that If-Match names (RFC 9110 §13.1.1).

    tag: of what GET on the same address answers; it takes the request and the parameters
    of the path. In this process nobody writes between the comparison and
    the first write of the change.
    is_final: what may be changed at all is not changed by anybody else, so that none has to wait
    """

    def decorate(change: RunOperation) -> RunOperation:
        @wraps(change)
        def answer(request: HttpRequest, **given: Any) -> HttpResponseBase:
            field = request.headers.get("If-Match", entity_tags.ANY).strip()
            if field == entity_tags.ANY:
                return change(request, **given)  # which says if there is none

            def is_same() -> bool:
                try:
                    return entity_tags.names(field, tag(request, **given))
                except UserError:
                    return True  # the change says what is wrong

            # It may take a second to work out what GET answers. Mail would wait for the turn,
            # so only a client that has the tag gets one; then it may have changed again.
            if not is_same():
                return _changed_since()
            if is_final:
                return change(request, **given)
            with turn_until_written():
                return change(request, **given) if is_same() else _changed_since()

        return answer

    return decorate


def _changed_since() -> HttpResponse:
    return problem(412, "it was changed since: GET it again")


def of_view(view: Callable[..., HttpResponse]) -> Callable[..., str]:
    """Return the function that makes the tag of what a view answers."""
    return lambda request, **given: entity_tags.of(view(request, **given).content)
