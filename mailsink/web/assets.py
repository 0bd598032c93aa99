"""WhiteNoise for ASGI: requests that are not for a static file stay on the event loop.

WhiteNoise is a synchronous middleware: each request would hold a thread for its whole
time, and a client's disconnect would not end it.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class Assets(WhiteNoiseMiddleware):
    """Serves files below STATIC_URL, in a synchronous or an asynchronous stack."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)  # type: ignore[no-untyped-call]
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(  # type: ignore[override]
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        # A coroutine if the next layer is asynchronous; for a file, the answer itself.
        answer: Any = super().__call__(request)  # type: ignore[no-untyped-call]
        if iscoroutinefunction(self) and isinstance(answer, HttpResponseBase):
            return _at_once(answer)
        return answer  # type: ignore[no-any-return]


async def _at_once(answer: HttpResponseBase) -> HttpResponseBase:
    return answer
