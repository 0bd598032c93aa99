"""JSON as octets, in UTF-8 (RFC 8259).

Python would escape all non-ASCII characters: an emoji would take twelve octets instead
of four.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse


def octets(shape: Any) -> bytes:
    """Return JSON; a lone surrogate, which UTF-8 cannot encode, stays an escape."""
    text = json.dumps(shape, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")


def answer(shape: Any, status: int = 200) -> HttpResponse:
    """Return an object as JSON. Our own code made the object, so it is not validated again."""
    return HttpResponse(octets(shape), status=status, content_type="application/json")
