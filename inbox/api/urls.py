"""Where the APIs live: v3, and the dialects of others."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from inbox.api.mailpit import urls as mailpit
from inbox.api.v3.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("v3/", api.urls),
    *mailpit.urlpatterns,
    *mailpit.unknown,
]
