"""WhiteNoise for ASGI: requests that are not for a static file stay on the event loop.

As it comes, it is a synchronous middleware: each request, however long it is held,
would hold a thread, and a client that goes away would not end it.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class Assets(WhiteNoiseMiddleware):
    """Serves what is below STATIC_URL, in a synchronous stack or an asynchronous one."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)  # type: ignore[no-untyped-call]
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(  # type: ignore[override]
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        # The answer to come, if what follows is asynchronous; a file's own at once.
        answer: Any = super().__call__(request)  # type: ignore[no-untyped-call]
        if iscoroutinefunction(self) and isinstance(answer, HttpResponseBase):
            return _at_once(answer)
        return answer  # type: ignore[no-any-return]


async def _at_once(answer: HttpResponseBase) -> HttpResponseBase:
    return answer
