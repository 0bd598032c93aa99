"""API v3: the clients whose next session has no STARTTLS."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import answer, query
from inbox.api.v3.schemas import Page, Strict, member
from inbox.policy import starttls

router = Router()


class Withheld(Strict):
    client_address: str = member("The address of the client.", "127.0.0.1")
    helo: str = member("The name that the client gave in EHLO.", "app-1")


Client = Annotated[str, query("The address of the client.", "127.0.0.1")]
Helo = Annotated[str, query("The name that the client gave in EHLO.", "app-1")]


@router.get("", response=Page[Withheld], summary="List clients without STARTTLS")
def find(request: HttpRequest) -> HttpResponse:
    """Clients that rejected Mailsink's certificate: their next session has no STARTTLS."""
    clients = [
        {"client_address": each.address, "helo": each.helo}
        for each in starttls.withheld()
    ]
    return answer(serializers.page(clients, None))


@router.delete("", response={204: None}, summary="Offer STARTTLS to a client again")
def offer_again(
    request: HttpRequest, client_address: Client, helo: Helo
) -> HttpResponse:
    """The next session of the client has STARTTLS again."""
    starttls.offer_again(client_address, helo)
    return HttpResponse(status=204)
