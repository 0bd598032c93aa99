"""The routes of the APIs: v3, and the enabled dialects of other programs."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import URLPattern, URLResolver, path

from inbox.api.mailhog import urls as mailhog
from inbox.api.mailpit import urls as mailpit
from inbox.api.v3.api import api
from mailsink.conf import CONFIG


def dialects(names: Collection[str]) -> list[URLPattern]:
    """Return the routes of dialects. Mailpit takes precedence for routes that both have."""
    if "mailpit" not in names:
        return mailhog.alone if "mailhog" in names else []
    others = mailhog.urlpatterns if "mailhog" in names else []
    return [*mailpit.urlpatterns, *others, *mailpit.unknown]


urlpatterns: list[URLPattern | URLResolver] = [
    path("v3/", api.urls),
    *dialects(CONFIG.dialects),
]
