"""API v3: joins its routes, its OpenAPI document, and its docs page, which works offline."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from inbox.api.v3 import (
    asyncapi,
    audit_resource,
    comments,
    credentials,
    events,
    findings,
    groups,
    guard,
    held_mail,
    imports,
    inboxes,
    info,
    invitations,
    members,
    openapi,
    provider_entries,
    release_rules,
    releases,
    retries,
    routes,
    rule_file_routes,
    rule_resource,
    rule_trials,
    screenshots,
    searches,
    sessions,
    share_resource,
    starttls,
    token_resource,
    trace,
    transactions,
    transcripts,
    unsubscribing,
    users,
    waiting,
    webhook_deliveries,
    webhooks,
)
from inbox.api.v3.bodies import JsonParser
from inbox.errors import UserError
from inbox.http.problems import problem
from mailsink import __version__

_PATH = "/api/v3/"  # of the API, relative to the URL of Mailsink
DESCRIPTION = """
Lists are `{"items": [], "next": cursor|null}`, newest first; `cursor=<next>` gives the next
page. `q` is the search language of the pages. `latest` stands for the newest message's id.
Errors are problem JSON (RFC 9457). Times are RFC 3339 in UTC.
"""

_SETTINGS = {
    "layout": "BaseLayout",
    "deepLinking": True,
    "defaultModelsExpandDepth": 0,
    "displayRequestDuration": True,
}


class Docs(DocsBase):
    """The page for reading about the API and trying it: Swagger in Mailsink's own frame."""

    def render_page(
        self, request: HttpRequest, api: NinjaAPI, **kwargs: Any
    ) -> HttpResponse:
        settings = {**_SETTINGS, "url": self.get_openapi_url(api, kwargs)}
        context = {"section": "api", "swagger_settings": settings}
        return render(request, "api/docs.html", context)


class Api(NinjaAPI):
    """The API; operations are named after their modules and functions."""

    def get_operation_url_name(self, operation: Operation, router: Router) -> str:
        return self.get_openapi_operation_id(operation)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        function = operation.view_func
        return f"{function.__module__.rpartition('.')[2]}_{function.__name__}"

    def get_openapi_schema(self, **_: Any) -> OpenAPISchema:
        return _document(get_script_prefix().rstrip("/"))


# Making it takes a third of a second. A proxy may serve us at any path.
@lru_cache(maxsize=4)
def _document(root: str) -> OpenAPISchema:
    document = NinjaAPI.get_openapi_schema(api, path_prefix=_PATH)
    if root:
        document["servers"] = [{"url": root}]
    openapi.complete(document, root)
    return document


api = Api(
    title="Mailsink API",
    version=__version__,
    description=DESCRIPTION,
    docs=Docs(),
    parser=JsonParser(),
    urls_namespace="api-v3",
)
api.add_router("messages", waiting.router, tags=["Messages"])  # before messages/<id>
api.add_router("messages", imports.router, tags=["Messages"])
api.add_router("messages", unsubscribing.router, tags=["Messages"])
api.add_router("messages", comments.router, tags=["Messages"])
api.add_router("messages", screenshots.router, tags=["Message content"])
api.add_router("routes", routes.router, tags=["Routes"])
api.add_router("rules", rule_file_routes.router, tags=["Rules"])
api.add_router("rules", provider_entries.router, tags=["Rules"])
api.add_router("rules", rule_trials.router, tags=["Rules"])
api.add_router("rules", rule_resource.router, tags=["Rules"])
api.add_router("", retries.router)
api.add_router("held", held_mail.router, tags=["Held mail"])
api.add_router("release-rules", release_rules.router, tags=["Release rules"])
api.add_router("guard", guard.router, tags=["Guard"])
api.add_router("", releases.router, tags=["Releases"])
api.add_router("webhooks", webhooks.router, tags=["Webhooks"])
api.add_router("webhooks", webhook_deliveries.router, tags=["Webhooks"])
api.add_router("trace", trace.router, tags=["Trace"])
api.add_router("sessions", sessions.router, tags=["Sessions"])
api.add_router("sessions", transcripts.router, tags=["Sessions"])
api.add_router("transactions", transactions.router, tags=["Transactions"])
api.add_router("inboxes", inboxes.router, tags=["Inboxes"])
api.add_router("inboxes", credentials.router, tags=["Credentials"])
api.add_router("mutes", findings.router, tags=["Muted findings"])
api.add_router("saved-searches", searches.router, tags=["Saved searches"])
api.add_router("starttls-withheld", starttls.router, tags=["STARTTLS"])
api.add_router("audit", audit_resource.router, tags=["Audit"])
api.add_router("inboxes", members.router, tags=["Members"])
api.add_router("users", users.router, tags=["Users"])
api.add_router("groups", groups.router, tags=["Users"])
api.add_router("invitations", invitations.router, tags=["Invitations"])
api.add_router("tokens", token_resource.router, tags=["Tokens"])
api.add_router("shares", share_resource.router, tags=["Share links"])
api.add_router("events", events.router, tags=["Live"])
api.add_router("", asyncapi.router, tags=["Live"])
api.add_router("", info.router, tags=["Server"])


_MOST_ERRORS = 20  # errors of a body that are reported: each of its values can have one


@api.exception_handler(UserError)
def _user_error(_: HttpRequest, error: UserError) -> HttpResponse:
    return problem(error.status, str(error), **error.members)


@api.exception_handler(HttpError)
def _http_error(_: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, HttpError):  # hidden by Ninja
        error = error.__cause__
    return problem(error.status_code, error.message)


@api.exception_handler(ValidationError)
def _invalid(_: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {"where": ".".join(map(str, each["loc"])), "message": each["msg"]}
        for each in error.errors[:_MOST_ERRORS]
    ]
    detail = "; ".join(f"{each['where']}: {each['message']}" for each in errors)
    if more := len(error.errors) - len(errors):
        detail += f"; and {more:,} more"
    return problem(422, detail, errors=errors)
