"""The addresses of the websockets."""

from __future__ import annotations

from django.urls import URLPattern, path

from inbox.live.consumer import LiveConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/live", LiveConsumer.as_asgi()),
]
