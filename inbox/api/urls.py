"""Where the APIs live."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from inbox.api.v3.api import api

urlpatterns: list[URLPattern | URLResolver] = [path("v3/", api.urls)]
