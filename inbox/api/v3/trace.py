"""API v3: where is my mail?"""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from inbox import serializers
from inbox.api.v3 import schemas
from inbox.api.v3.common import InboxSlug, answer, known_inbox, scope
from inbox.insight import trace

router = Router(by_alias=True)

Address = Annotated[str, Query(description="whose mail is missing; any case")]
Filter = Annotated[
    str, Query(description="a search: messages that do not match are told as hidden")
]


@router.get("", response=schemas.Trace)
def of(
    request: HttpRequest, address: Address, q: Filter = "", inbox: InboxSlug = None
) -> HttpResponse:
    """Where mail for an address is: a sentence, and its evidence, newest first."""
    found = trace.trace(scope(), address, q, known_inbox(inbox))
    return answer(serializers.trace(found))
