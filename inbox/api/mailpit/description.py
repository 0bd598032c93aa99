"""Mailpit's description of its API: the list of routes, and a page about them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import get_script_prefix

from inbox.api.mailpit.application import VERSION
from inbox.api.plain_answers import go_json

_OF_MESSAGE = "headers raw part/{PartID} part/{PartID}/thumb html-check link-check"
_ROUTES = {
    "/api/v1/messages": "get put delete",
    "/api/v1/search": "get delete",
    "/api/v1/message/{ID}": "get",
    **{f"/api/v1/message/{{ID}}/{each}": "get" for each in _OF_MESSAGE.split()},
    "/api/v1/message/{ID}/release": "post",
    "/api/v1/send": "post",
    "/api/v1/tags": "get put",
    "/api/v1/tags/{Tag}": "put delete",
    "/api/v1/info": "get",
    "/api/v1/webui": "get",
    "/api/v1/chaos": "get put",
    "/view/{ID}.html": "get",
    "/view/{ID}.txt": "get",
}
_WELL = {"responses": {"200": {"description": "As Mailpit answers"}}}


def swagger(request: HttpRequest) -> HttpResponse:
    """Answer with the routes as Swagger 2.0."""
    paths = {
        path: dict.fromkeys(methods.split(), _WELL) for path, methods in _ROUTES.items()
    }
    info = {"title": "Mailpit's API in Mailsink", "version": VERSION}
    return go_json(
        {
            "swagger": "2.0",
            "info": info,
            "basePath": get_script_prefix(),
            "paths": paths,
        }
    )


def page(request: HttpRequest) -> HttpResponse:
    """Redirect to the page about our own API."""
    return redirect("api-v3:openapi-view")
