"""The ASGI application: Django for http, the live feed for websockets, one guard."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailsink.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

http = get_asgi_application()  # sets Django up, so that what follows can be imported

from inbox.live.routing import websocket_urlpatterns
from mailsink.conf import CONFIG
from mailsink.web.guard import Guard
from mailsink.web.rules import Rules

application = Guard(
    ProtocolTypeRouter({"http": http, "websocket": URLRouter(websocket_urlpatterns)}),
    Rules(CONFIG.allowed_hosts, CONFIG.hostname, CONFIG.public_url),
)
