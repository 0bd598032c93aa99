"""API v3: from whose next session STARTTLS is held back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from inbox import serializers
from inbox.api.v3.common import answer
from inbox.api.v3.schemas import Page, Strict
from inbox.policy import starttls

router = Router()


class Withheld(Strict):
    client_address: str
    helo: str = Field(description="the name it gave with EHLO")


@router.get("", response=Page[Withheld])
def find(request: HttpRequest) -> HttpResponse:
    """Clients whose next session is offered no STARTTLS: they left over our certificate."""
    clients = [
        {"client_address": each.address, "helo": each.helo}
        for each in starttls.withheld()
    ]
    return answer(serializers.page(clients, None))


@router.delete("", response={204: None})
def offer_again(request: HttpRequest, client_address: str, helo: str) -> HttpResponse:
    """Offer STARTTLS to this client again, at once."""
    starttls.offer_again(client_address, helo)
    return HttpResponse(status=204)
