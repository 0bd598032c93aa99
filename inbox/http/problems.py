"""Errors as problem JSON (RFC 9457), everywhere under /api/v3 and for unknown routes.

Views and services raise errors; inbox/views/faults.py handles Django's; other answers
in HTML are converted here.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from inbox.http.entity_tags import tagged

CONTENT_TYPE = "application/problem+json"


def problem(status: int, detail: str = "", **more: Any) -> HttpResponse:
    """Return a problem: the fault and its remedy, with additional members."""
    members = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        **({"detail": detail} if detail else {}),
        **more,
    }
    return HttpResponse(json.dumps(members), status=status, content_type=CONTENT_TYPE)


def come_again(answer: HttpResponse) -> HttpResponse:
    """Return an answer (503) with the time for another try.

    It is not logged, since anybody can cause any number of them.
    """
    answer["Retry-After"] = "5"  # seconds
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def _detail(request: HttpRequest, response: HttpResponse) -> str:
    if response.status_code == 405:
        return f"{request.path} takes {response['Allow']}"
    return ""


def _as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if not request.path_info.startswith("/api/"):
        return response
    html = response.headers.get("Content-Type", "").startswith("text/html")
    if response.status_code >= 400 and html:
        answer = problem(response.status_code, _detail(request, response))
        if "Allow" in response:
            answer["Allow"] = response["Allow"]
        response = answer
    match = request.resolver_match
    if match and "api-v3" in match.namespaces:
        response = tagged(request, response)
    response.setdefault("Cache-Control", "no-store")
    response.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _as_get(request: HttpRequest) -> HttpRequest:
    """Answer HEAD like GET (RFC 9110 §9.3.2); the server leaves the body out."""
    if request.method == "HEAD":
        request.method = "GET"
    return request


Sync = Callable[[HttpRequest], HttpResponse]
Async = Callable[[HttpRequest], Awaitable[HttpResponse]]


@sync_and_async_middleware
def problems(get_response: Any) -> Sync | Async:
    """Middleware: no error under /api/ is HTML, and no answer may be cached.

    HEAD is answered like GET.
    """
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponse:
            return _as_problem(request, await get_response(_as_get(request)))

        return answer_async

    def answer(request: HttpRequest) -> HttpResponse:
        return _as_problem(request, get_response(_as_get(request)))

    return answer
