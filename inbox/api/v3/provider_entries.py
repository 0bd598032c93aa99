"""API v3: the replies that mail providers document."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import answer, query
from inbox.api.v3.schemas import Page, Strict, member
from inbox.providers.provider_replies import ProviderReply, search
from inbox.serializers import Shape

router = Router()


class ProviderReplyObject(Strict):
    id: str = member("Its name; rule: in searches finds it.", "gmail-25")
    provider: str = member("The provider that documents it.", "Gmail")
    stage: str = member("When it is given; a stage of rules.", "auth")
    code: int = member("The code.", 535)
    enhanced: str = member("The enhanced code; empty for none.", "5.7.8")
    text: str = member("Its text, cut; [ip] stands for an address.", "Try later")
    meaning: str = member("What it means.", "wrong password")
    retry: Literal["again", "slower", "later", "fix", "never"] = member(
        "Whether the same message passes later: again, slower, later (in a day or more), "
        "fix (when something was changed), never.",
        "fix",
    )
    misleads: bool = member("Whether its first digit is misleading.", False)
    source: str = member("Where it is documented.", "Google Workspace Admin Help")
    read: date = member("When the source was read.", "2025-06-01")
    old: bool = member("Whether that is more than 24 months ago.", False)


Words = Annotated[str, query("Words that an entry must all contain.", "gmail 421")]


@router.get(
    "/provider-replies",
    response=Page[ProviderReplyObject],
    summary="List replies of providers",
)
def find(request: HttpRequest, q: Words = "") -> HttpResponse:
    """Replies that mail providers document, each with its source."""
    return answer(serializers.page(map(_shape, search(q)), None))


def _shape(each: ProviderReply) -> Shape:
    return {
        "id": each.id,
        "provider": each.provider,
        "stage": each.stage,
        "code": each.code,
        "enhanced": each.enhanced,
        "text": each.text,
        "meaning": each.meaning,
        "retry": each.retry,
        "misleads": each.misleads,
        "source": each.source,
        "read": each.read.isoformat(),
        "old": each.is_old(datetime.now(UTC).date()),
    }
