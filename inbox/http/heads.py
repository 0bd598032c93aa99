"""Django requests from heads that anybody can have written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.urls import ResolverMatch
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

_UTF_8 = frozenset({"utf-8", "utf8", "utf_8", "us-ascii", "ascii"})


def is_utf8(charset: str) -> bool:
    """Whether a charset is UTF-8 or part of it.

    The name is not looked up: Python would remember each name for good.
    """
    return charset.lower() in _UTF_8


class ClientRequest(ASGIRequest):
    """A request whose head contains no name that Django would look up."""

    fault: Exception | None = None  # in its head

    def _set_content_type_params(self, meta: Mapping[str, str]) -> None:
        """Read the Content-Type. Django would also parse all parameters of the URL."""
        value = meta.get("CONTENT_TYPE", "")
        if "*" in value:
            # RFC 2231: a charset for each parameter, which is never needed
            words = _("The Content-Type has a parameter in a charset of its own.")
            raise BadRequest(words)
        self.content_type, self.content_params = parse_header_parameters(value)
        charset = self.content_params.get("charset", "utf-8")
        if not is_utf8(charset):
            self._encoding = charset  # Django refuses a form in this charset

    def parse_file_upload(self, META: Any, post_data: Any) -> Any:
        """Read a multipart form. Raises MultiPartParserError for any malformed part."""
        try:
            return super().parse_file_upload(META, post_data)
        except (LookupError, TypeError, ValueError) as why:
            raise MultiPartParserError(_("the head of a part is malformed")) from why


class Handler(ASGIHandler):
    """Django's handler, which answers an unreadable head like any bad request."""

    request_class = ClientRequest

    def create_request(self, scope: Any, body_file: Any) -> tuple[ClientRequest, None]:
        """Return the request, with a fault in place of unreadable parts."""
        try:
            return ClientRequest(scope, body_file), None
        except (BadRequest, SuspiciousOperation) as why:
            fault: Exception = why
        except Exception:  # all that it does is read the client's input
            fault = SuspiciousOperation()
        request = ClientRequest(_readable(scope), body_file)
        request.fault = fault
        return request, None

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Return the view. For a fault, raise the error that Django answers with 400."""
        if fault := getattr(request, "fault", None):
            raise fault
        return self.view_of(request)

    def view_of(self, request: HttpRequest) -> ResolverMatch:
        match: ResolverMatch = super().resolve_request(request)
        return match


def _readable(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scope without malformed parts, so that an answer can be made."""
    headers = [(n, v) for n, v in scope["headers"] if n != b"content-type"]
    return {**scope, "query_string": b"", "headers": headers}
