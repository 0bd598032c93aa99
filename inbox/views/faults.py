"""Answers failed requests: with a plain page, or a problem (RFC 9457).

These are Django's error handlers, and the middleware for a full disk, an unreachable
database, objects removed meanwhile, long reading, and forms that are not UTF-8. None of
them reads the database, which may be the cause of the failure.
"""

from __future__ import annotations

import logging
from functools import partial

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from inbox.errors import UserError
from inbox.http.heads import is_utf8
from inbox.http.problems import come_again, problem
from inbox.storage import full_disk
from inbox.storage.bounded import TooCostly
from inbox.views import errors
from mailsink.public_urls import is_own
from mailsink.web import read_time

log = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django could not read (400, 413) with the reason."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    return _answer(request, status, _("This cannot be read"), _fault_words(exception))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer that a request is not allowed (403)."""
    words = _("You are not allowed to see or change this.")
    return _answer(request, 403, _("Not allowed"), words)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer that nothing is at the path of a request (404)."""
    words = _("There is no page at %(path)s.")
    if not is_own(request.path_info):
        words = _(
            "There is no page at %(path)s. If a proxy serves Mailsink below a path, "
            "MAILSINK_PUBLIC_URL must name that path."
        )
    if request.path_info.startswith("/api/"):
        words = _("There is nothing at %(path)s; see %(docs)s")
    known = {"path": request.path, "docs": reverse("api-v3:openapi-view")}
    return _answer(request, 404, _("Not found"), words % known)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer that the fault is not the request's (500); the log has the traceback."""
    words = _(
        "This is a fault in Mailsink, not yours; its log has the details. "
        "Mailsink goes on receiving mail."
    )
    return _answer(request, 500, _("Something went wrong"), words)


class FormsAreUtf8(MiddlewareMixin):
    """Middleware: refuses a multipart form in another charset.

    Some of Python's codecs are not for text, raise errors, or make lone surrogates.
    Django refuses other forms in them; no browser sends any.
    """

    def process_request(self, request: HttpRequest) -> None:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if request.content_type == "multipart/form-data" and not is_utf8(charset):
            words = _("A form must be in UTF-8, but its Content-Type says %(charset)s.")
            raise BadRequest(words % {"charset": ascii(charset[:40])})


class FullDisk(MiddlewareMixin):
    """Middleware: a request that a full disk stopped is repeated in the reserve's room.

    If that does not help either, the answer is 507, with the remedy.
    """

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not full_disk.is_full(exception):
            return None
        view = request.resolver_match
        try:
            if view and not (iscoroutinefunction(view.func) or _is_spent(request)):
                again = partial(view.func, request, *view.args, **view.kwargs)
                answer: HttpResponse = full_disk.once_more(again)
                return answer
        except UserError as error:
            return errors.answer(request, error)
        except Exception as error:
            if not full_disk.is_full(error):
                raise
        return _answer(request, 507, _("The disk is full"), _full_disk_words())


class NoDatabase(MiddlewareMixin):
    """Middleware: answer 503 while the database server is unreachable, or starting."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not _is_out_of_reach(exception):
            return None
        words = _(
            "The database server cannot be reached. Mailsink keeps trying: reload "
            "this page in a while."
        )
        answer = _answer(request, 503, _("The database cannot be reached"), words)
        answer["Retry-After"] = "5"
        return answer


class ChangedMeanwhile(MiddlewareMixin):
    """Middleware: answer 409 to a change of an object that was just removed, or already made.

    Views check for it beforehand; this is for the moment after the check.
    """

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not _is_of_others(exception):
            return None
        log.warning("%s %s", request.method, request.path_info, exc_info=exception)
        words = _(
            "The object of this change was changed or removed at the same moment. "
            "Reload the page, then try again."
        )
        return _answer(request, 409, _("It has changed in the meantime"), words)


class LongReading(MiddlewareMixin):
    """Middleware: answer 503 if reading takes too long.

    It does not, if another process answers instead.
    """

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, TooCostly):
            return None
        reading = read_time.current()
        if reading and reading.comes_again:
            reading.is_cut = True
            return HttpResponse(status=421)  # no client sees this answer
        title = _("This takes too long")
        return come_again(_answer(request, 503, title, str(exception)))


# SQLite's and PostgreSQL's errors: a row that is referred to has gone, or an equal one
# exists.
_OF_OTHERS = ("FOREIGN KEY constraint", "UNIQUE constraint", "23503", "23505")


def _is_of_others(exception: Exception) -> bool:
    if not isinstance(exception, IntegrityError):
        return False
    state = getattr(exception.__cause__, "sqlstate", None)
    return (state or str(exception)).startswith(_OF_OTHERS)


# PostgreSQL's errors: it is stopped, it crashed, it does not accept connections yet.
_STOPPING = ("57P01", "57P02", "57P03")


def _is_out_of_reach(exception: Exception) -> bool:
    if not isinstance(exception, OperationalError | InterfaceError):
        return False
    state = getattr(exception.__cause__ or exception, "sqlstate", None)
    return connection.vendor != "sqlite" and (state is None or state in _STOPPING)


def _is_spent(request: HttpRequest) -> bool:
    """Whether a body was read as a stream and not kept: for a second view it is empty."""
    is_kept = hasattr(request, "_body") or hasattr(request, "_post")
    return getattr(request, "_read_started", False) and not is_kept


def _fault_words(exception: Exception) -> str:
    match exception:
        case TooManyFieldsSent():
            most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            return _("A request may have at most %(most)s fields.") % {"most": most}
        case TooManyFilesSent():
            most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
            return _("A request may have at most %(most)s files.") % {"most": most}
        case RequestDataTooBig():
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            return _("A form may have at most %(most)s bytes.") % {"most": most}
        case MultiPartParserError():
            return _(
                "The body is not the multipart/form-data that its Content-Type "
                "announces: %(why)s"
            ) % {"why": exception}
        case BadRequest():
            return str(exception)
    return _("The request is malformed: no page of Mailsink sends one like it.")


def _full_disk_words() -> str:
    if connection.vendor == "sqlite":
        return _(
            "There is no space left for this change. Free some space on the disk of "
            "the data folder (MAILSINK_DATA), then try again. Deleting mail makes "
            "room for new mail once the trash is emptied."
        )
    return _(
        "The disk of the database server is full, so nothing can be changed. Free "
        "some space there, then try again."
    )


def _answer(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    """Return a page; for the API and scripts, which show its words, a problem."""
    if (
        request.path_info.startswith("/api/")
        or "HX-Request" in request.headers
        or errors.wants_json(request)
    ):
        return problem(status, words)
    context = {"title": title, "words": words}
    return render(request, "fault.html", context, status=status)
