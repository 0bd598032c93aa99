"""Where the APIs live: v3, and the dialects of others that are on."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import URLPattern, URLResolver, path

from inbox.api.mailhog import urls as mailhog
from inbox.api.mailpit import urls as mailpit
from inbox.api.v3.api import api
from mailsink.conf import CONFIG


def dialects(names: Collection[str]) -> list[URLPattern]:
    """Return the routes of dialects. Of those that both have, Mailpit has the first word."""
    if "mailpit" not in names:
        return mailhog.alone if "mailhog" in names else []
    others = mailhog.urlpatterns if "mailhog" in names else []
    return [*mailpit.urlpatterns, *others, *mailpit.unknown]


urlpatterns: list[URLPattern | URLResolver] = [
    path("v3/", api.urls),
    *dialects(CONFIG.dialects),
]
