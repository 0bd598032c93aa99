"""Answers that are produced while they are sent, off the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from channels.db import database_sync_to_async
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from inbox.http.files import HEADERS


def streamed(
    chunks: Iterator[bytes], content_type: str, name: str
) -> StreamingHttpResponse:
    """Return pieces as a file, for saving under a name."""
    response = StreamingHttpResponse(
        _steps(chunks), content_type=content_type, headers=HEADERS
    )
    disposition = content_disposition_header(True, name)
    response["Content-Disposition"] = disposition or "attachment"
    return response


async def _steps(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    step = database_sync_to_async(next)
    while (chunk := await step(chunks, None)) is not None:
        yield chunk
