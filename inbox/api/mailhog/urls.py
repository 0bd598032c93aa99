"""MailHog's routes: /api/v2, and those below /api/v1/messages/ that Mailpit does not have."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from inbox.api.mailhog import events, jim, messages
from inbox.api.plain_answers import methods, nothing

_MESSAGE = "v1/messages/<str:id>"


_NOTHING = nothing("404 page not found\n")

urlpatterns: list[URLPattern] = [
    path(_MESSAGE, methods(GET=messages.one, DELETE=messages.delete)),
    path(f"{_MESSAGE}/download", methods(GET=messages.download)),
    path(
        f"{_MESSAGE}/mime/part/<int:number>/download",
        methods(GET=messages.download_part),
    ),
    path(f"{_MESSAGE}/release", methods(POST=messages.release)),
    path("v1/events", methods(GET=events.stream)),
    path("v2/messages", methods(GET=messages.find)),
    path("v2/search", methods(GET=messages.search)),
    path("v2/outgoing-smtp", methods(GET=messages.servers)),
    path(
        "v2/jim",
        methods(GET=jim.find, PUT=jim.change, DELETE=jim.dismiss, POST=jim.invite),
    ),
    re_path("^v2(?:/.*)?$", _NOTHING),
]

# The routes that Mailpit has, too: used if its dialect is off
alone: list[URLPattern] = [
    path("v1/messages", methods(GET=messages.find_bare, DELETE=messages.delete_all)),
    *urlpatterns,
    re_path("^v1(?:/.*)?$", _NOTHING),
]
