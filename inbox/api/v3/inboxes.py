"""API v3: inboxes, and what clients that send to them are answered."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3 import schemas
from inbox.api.v3.common import answer, scope
from inbox.errors import NotFound
from inbox.mailbox import image_hosts, inboxes
from inbox.mailbox.known_addresses import AddressInput
from inbox.models import Inbox
from inbox.serializers import Shape

router = Router(by_alias=True)


@router.get("", response=schemas.Page[schemas.Inbox])
def find(request: HttpRequest) -> HttpResponse:
    """The inboxes, by name."""
    found = inboxes.find(scope())
    items = ({"slug": each.slug, "name": each.name} for each in found)
    return answer(serializers.page(items, None))


@router.get("/{slug}", response=schemas.InboxDetail)
def get(request: HttpRequest, slug: str) -> HttpResponse:
    """One inbox, with its settings."""
    return answer(_detail(inboxes.by_slug(scope(), slug)))


@router.patch("/{slug}", response=schemas.InboxDetail)
def change(
    request: HttpRequest, slug: str, changes: schemas.InboxChanges
) -> HttpResponse:
    """Change settings; clients meet them at once. Addresses are replaced as a whole."""
    inbox = inboxes.update(
        scope(),
        slug,
        known_only=changes.known_only,
        quota_octets=changes.quota(),
        paused=changes.paused,
        addresses=_given(changes.addresses),
    )
    return answer(_detail(inbox))


@router.get("/{slug}/remote-hosts", response=schemas.Page[schemas.Host])
def find_hosts(request: HttpRequest, slug: str) -> HttpResponse:
    """The hosts that its mail may load images from when it is looked at."""
    hosts = image_hosts.allowed(inboxes.by_slug(scope(), slug).pk)
    return answer(serializers.page(({"host": each} for each in hosts), None))


@router.post("/{slug}/remote-hosts", response={201: schemas.Host})
def allow_host(request: HttpRequest, slug: str, given: schemas.Host) -> HttpResponse:
    """Let its mail load images from a host."""
    image_hosts.allow(inboxes.by_slug(scope(), slug), given.host)
    return answer({"host": given.host.strip().lower()}, 201)


@router.delete("/{slug}/remote-hosts/{host}", response={204: None})
def forbid_host(request: HttpRequest, slug: str, host: str) -> HttpResponse:
    """No longer."""
    if not image_hosts.forbid(inboxes.by_slug(scope(), slug), host.lower()):
        raise NotFound(f'there is no host "{host[:80]}" that images may come from')
    return HttpResponse(status=204)


def _given(addresses: list[schemas.KnownAddress] | None) -> list[AddressInput] | None:
    if addresses is None:
        return None
    return [cast(AddressInput, each.model_dump()) for each in addresses]


def _detail(inbox: Inbox) -> Shape:
    return {
        "slug": inbox.slug,
        "name": inbox.name,
        "known_only": inbox.known_only,
        "quota_octets": inbox.quota_octets,
        "used_octets": inboxes.used_octets(inbox.pk),
        "paused": inbox.paused,
        "addresses": inbox.addresses,
    }
