"""JSON as octets: in UTF-8, as RFC 8259 has it.

Python would escape all beyond ASCII: an emoji, which has four octets, would take twelve.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse


def octets(shape: Any) -> bytes:
    """Return JSON; a lone surrogate, which UTF-8 does not have, stays an escape."""
    text = json.dumps(shape, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")


def answer(shape: Any, status: int = 200) -> HttpResponse:
    """Return an object as JSON. Our own code made it, so nothing checks it again."""
    return HttpResponse(octets(shape), status=status, content_type="application/json")
