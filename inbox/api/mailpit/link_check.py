"""Mailpit's link check: requests each link of a message with HEAD.

No private address is requested, and none at all if outgoing requests are off. One check
runs at a time, since it occupies one of the few threads that answer requests.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urljoin

from django.http import HttpRequest, HttpResponse

from inbox.api.mailpit.common import found
from inbox.api.mailpit.message import mark_read, opened
from inbox.api.mailpit.parts import NumberedParts
from inbox.api.plain_answers import PlainError, go_json
from inbox.errors import Conflict
from inbox.outgoing import switch
from inbox.serializers import Shape
from mailsink import __version__
from mailsink.mime import links
from mailsink.posting.poster import HeadResult, Poster

_MOST = 100  # links
_AT_ONCE = 10
_REDIRECTS = 3
_SECONDS = 10.0  # for a link
_ALL_SECONDS = 20.0
_REFUSED = 451  # RFC 7725, like Mailpit
_HEADERS = {"User-Agent": f"Mailsink/{__version__}"}

_checking = threading.Lock()


def check(request: HttpRequest, id: str) -> HttpResponse:
    """Answer with the status of each link; follow=true follows redirects."""
    message = found(request, id, "404 page not found")
    urls = _links(NumberedParts(opened(message)))
    mark_read(request, message)
    follow = request.GET.get("follow", "") in ("true", "1")
    results = _asked(urls, _REDIRECTS if follow else 0) if urls else []
    shapes = [_shape(url, each) for url, each in zip(urls, results, strict=True)]
    failed = (each["StatusCode"] for each in shapes)
    errors = sum(code == 0 or code >= 400 for code in failed)
    return go_json({"Errors": errors, "Links": shapes})


def _links(parts: NumberedParts) -> list[str]:
    """Return the links of the HTML, then those of the text, without duplicates."""
    of_text = links.of_text(parts.text)
    all_links = [*(links.of_html(parts.html) if parts.html else []), *of_text]
    urls = (each.url for each in all_links if links.split(each.url))
    return list(dict.fromkeys(urls))[:_MOST]


def _asked(urls: Sequence[str], redirects: int) -> list[HeadResult]:
    try:
        switch.check()
    except Conflict as error:
        raise PlainError(str(error)) from None
    if not _checking.acquire(blocking=False):
        raise PlainError("another link check is under way; try again later", 503)
    try:
        return asyncio.run(_ask_all(urls, redirects))
    finally:
        _checking.release()


async def _ask_all(urls: Sequence[str], redirects: int) -> list[HeadResult]:
    poster, turns = Poster(seconds=_SECONDS), asyncio.Semaphore(_AT_ONCE)

    async def ask(url: str) -> HeadResult:
        async with turns:
            return await _follow(poster, url, redirects)

    tasks = [asyncio.create_task(ask(url)) for url in urls]
    try:
        _, late = await asyncio.wait(tasks, timeout=_ALL_SECONDS)
        for each in late:
            each.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    finally:
        await poster.close()
    late_result = HeadResult(None, "timeout")
    return [late_result if each.cancelled() else each.result() for each in tasks]


async def _follow(poster: Poster, url: str, redirects: int) -> HeadResult:
    result = await poster.head(url, _HEADERS)
    for _ in range(redirects):
        if result.code not in (301, 302, 303, 307, 308) or not result.location:
            break
        url = urljoin(url, result.location)
        if not links.split(url):
            break
        result = await poster.head(url, _HEADERS)
    return result


def _shape(url: str, result: HeadResult) -> Shape:
    if result.refused:
        code, status = _REFUSED, "Blocked private/reserved address"
    elif result.code is None:
        code, status = 0, result.text
    else:
        code, status = result.code, _phrase(result.code)
    return {"URL": url, "StatusCode": code, "Status": status}


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""
