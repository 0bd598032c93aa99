"""API v3: its routes tied together, its OpenAPI document, and its docs page, offline."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router, Swagger
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from inbox.api.v3 import (
    findings,
    inboxes,
    info,
    messages,
    schemas,
    searches,
    sessions,
    starttls,
    trace,
    transactions,
    transcripts,
)
from inbox.api.v3.bodies import JsonParser
from inbox.errors import UserError
from inbox.http.problems import CONTENT_TYPE, problem
from mailsink import __version__

DESCRIPTION = """
Lists are `{"items": [], "next": cursor|null}`, newest first; the next page by
`cursor=<next>`. `q` is the search language. `latest` is the newest message's id.
Errors are problem JSON (RFC 9457). Times are RFC 3339 in UTC.
"""

_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Docs(Swagger):
    """Swagger's page from files of our own, held to a policy without inline script."""

    def render_page(
        self, request: HttpRequest, api: NinjaAPI, **kwargs: Any
    ) -> HttpResponse:
        response = super().render_page(request, api, **kwargs)
        response["Content-Security-Policy"] = _DOCS_POLICY
        return response


class Api(NinjaAPI):
    """Says of every operation that it may answer with a problem."""

    def get_operation_url_name(self, operation: Operation, router: Router) -> str:
        return self.get_openapi_operation_id(operation)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return f"{operation.tags[0]}_{operation.view_func.__name__}"  # type: ignore[index]

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        schema["components"]["schemas"]["Problem"] = schemas.PROBLEM
        reference = {"$ref": "#/components/schemas/Problem"}
        answer = {
            "description": "Problem",
            "content": {CONTENT_TYPE: {"schema": reference}},
        }
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"]["default"] = answer
        return schema


api = Api(
    title="Mailsink",
    version=__version__,
    description=DESCRIPTION,
    docs=Docs(),
    parser=JsonParser(),
    urls_namespace="api-v3",
)
api.add_router("messages", messages.router, tags=["messages"])
api.add_router("sessions", sessions.router, tags=["sessions"])
api.add_router("sessions", transcripts.router, tags=["sessions"])
api.add_router("transactions", transactions.router, tags=["transactions"])
api.add_router("trace", trace.router, tags=["trace"])
api.add_router("inboxes", inboxes.router, tags=["inboxes"])
api.add_router("mutes", findings.router, tags=["findings"])
api.add_router("saved-searches", searches.router, tags=["saved searches"])
api.add_router("starttls-withheld", starttls.router, tags=["starttls"])
api.add_router("", info.router, tags=["info"])


@api.exception_handler(UserError)
def _user_error(_: HttpRequest, error: UserError) -> HttpResponse:
    return problem(error.status, str(error))


@api.exception_handler(HttpError)
def _http_error(_: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, HttpError):  # which Ninja has hidden
        error = error.__cause__
    return problem(error.status_code, error.message)


@api.exception_handler(ValidationError)
def _invalid(_: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {"where": ".".join(map(str, each["loc"])), "message": each["msg"]}
        for each in error.errors
    ]
    detail = "; ".join(f"{each['where']}: {each['message']}" for each in errors)
    return problem(422, detail, errors=errors)
