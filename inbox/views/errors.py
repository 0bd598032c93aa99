"""Answers the errors that users cause, for all pages: with a page, or JSON for scripts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from inbox.errors import BadRequest, Invalid, NotFound, UserError


class UserErrors(MiddlewareMixin):
    """Middleware: turns a UserError that a view raised into its answer."""

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        return answer(request, error) if isinstance(error, UserError) else None


def answer(request: HttpRequest, error: UserError) -> HttpResponse:
    """Return the answer to an error, with its status: JSON if a script asks for it."""
    status = error.status
    if request.method == "POST" and status == BadRequest.status:
        status = Invalid.status  # the form is well-formed, its content is wrong
    if wants_json(request):
        return JsonResponse({"detail": str(error), **error.members}, status=status)
    context = {"words": str(error), "refused": status != NotFound.status}
    return render(request, "error.html", context, status=status)


def wants_json(request: HttpRequest) -> bool:
    """Return whether a script asks for JSON, rather than a form for a page."""
    return "application/json" in request.headers.get("Accept", "")
