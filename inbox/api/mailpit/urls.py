"""Mailpit's routes below /api/v1."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from inbox.api.mailpit import (
    application,
    chaos,
    description,
    html_check,
    link_check,
    message,
    messages,
    releasing,
    sending,
    tags,
)
from inbox.api.plain_answers import methods, nothing

_MESSAGE = "v1/message/<str:id>"


_NOTHING = nothing("File not found\n")

urlpatterns: list[URLPattern] = [
    path(
        "v1/messages",
        methods(GET=messages.find, PUT=messages.mark, DELETE=messages.delete),
    ),
    path(
        "v1/search",
        methods(GET=messages.find_matching, DELETE=messages.delete_matching),
    ),
    path(_MESSAGE, methods(GET=message.one)),
    path(f"{_MESSAGE}/headers", methods(GET=message.headers)),
    path(f"{_MESSAGE}/raw", methods(GET=message.raw)),
    path(
        f"{_MESSAGE}/part/<str:number>", methods(GET=message.part), name="mailpit-part"
    ),
    path(f"{_MESSAGE}/part/<str:number>/thumb", methods(GET=message.thumbnail)),
    path(f"{_MESSAGE}/html-check", methods(GET=html_check.check)),
    path(f"{_MESSAGE}/link-check", methods(GET=link_check.check)),
    path(f"{_MESSAGE}/release", methods(POST=releasing.release)),
    path("v1/send", methods(POST=sending.send)),
    path("v1/tags", methods(GET=tags.find, PUT=tags.put)),
    path("v1/tags/<path:tag>", methods(PUT=tags.rename, DELETE=tags.delete)),
    path("v1/info", methods(GET=application.info)),
    path("v1/webui", methods(GET=application.webui)),
    path("v1/swagger.json", methods(GET=description.swagger)),
    path("v1/", methods(GET=description.page)),
    path("v1/chaos", methods(GET=chaos.find, PUT=chaos.put)),
]

# After the routes of all dialects
unknown: list[URLPattern] = [re_path("^v1(?:/.*)?$", _NOTHING)]
