"""API v3: inboxes, and their replies to clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import Field, StrictBool, StrictInt

from inbox import serializers
from inbox.api.v3.common import answer, path, scope
from inbox.api.v3.schemas import Page, Strict, member
from inbox.errors import NotFound
from inbox.explain.address_kinds import AddressKind
from inbox.http.preconditions import if_match, of_view
from inbox.mailbox import image_hosts, inbox_removal, inboxes
from inbox.mailbox.known_addresses import AddressInput
from inbox.models import Inbox
from inbox.policy import sorting_conditions, strict_setting
from inbox.policy.sorting_conditions import SortingConditions
from inbox.policy.strict_setting import StrictChoice
from inbox.serializers import Shape

router = Router(by_alias=True)

Slug = Annotated[str, path("The slug of the inbox.", "default")]
HostName = Annotated[str, path("The host, as in the list.", "cdn.example.com")]

_ADDRESS_WORDS = "Whether addresses such as rcpt550@example.com choose replies."

_RULES_ON = "Whether rules act; false switches all of them off."
_STRICT = (
    "Whether a message with an error is refused (error), counted (report), or neither "
    "(off); server: as MAILSINK_STRICT says."
)
_STRICT_IGNORED = "Findings and checks that are not errors here, in addition to those of MAILSINK_STRICT_IGNORE."


_LABEL_DAYS = (
    "How many days inboxes of labels stay after their last mail; 0 means no limit."
)


class InboxObject(Strict):
    slug: str = member("The name of the inbox in addresses and searches.", "default")
    name: str = member("The name of the inbox for people.", "Inbox")


class KnownAddress(Strict):
    address: str = member("The address.", "ann@example.com")
    name: str = member("The name that VRFY and EXPN give.", "Ann Smith", "")
    kind: AddressKind = member(
        "How RCPT, VRFY and EXPN answer; see docs/api.md.", None, "mailbox"
    )
    target: list[str] = Field(
        default_factory=list,
        description="The members of an alias or list, the new address of forwarded and "
        "moved, the choices of ambiguous.",
        examples=[[]],
    )


class NewInbox(Strict):
    slug: str = member("The name in addresses and searches; it cannot change.", "shop")
    name: str = member("The name for people; the slug if you leave it out.", "Shop", "")


Patterns = list[str]


class InboxConditions(Strict):
    """Selects the mail for the inbox.

    A pattern can have * and ?, or be an expression: /a|b/.
    """

    users: Patterns = member("The user names of logins.", ["shop"], [])
    recipients: Patterns = member("Recipients.", ["*@shop.example.com"], [])
    helo: Patterns = member("Names by EHLO or HELO.", ["ci-*"], [])
    networks: Patterns = member("Networks of clients.", ["10.1.0.0/16"], [])
    listeners: Patterns = member("Listeners, as address:port.", ["*:2525"], [])
    header: StrictBool = member("Whether X-Mailsink-Inbox may name it.", True, True)


_LIMIT = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] | None


class InboxRetention(Strict):
    """Limits of the inbox; 0 means no limit, null the server's setting."""

    messages: _LIMIT = member("Messages.", 10_000, None)
    days: _LIMIT = member("Days.", 30, None)
    octets: Annotated[StrictInt, Field(ge=0, le=2**63 - 1)] | None = member(
        "Bytes of all messages.", 10_000_000, None
    )

    def columns(self) -> dict[str, int | None]:
        """Return the given limits, by the columns of the inbox."""
        names = {"messages": "retention_count"}
        return {
            names.get(name, f"retention_{name}"): getattr(self, name)
            for name in self.model_fields_set
        }


class InboxDetail(InboxObject):
    parent: str | None = member("The inbox whose label made it.", None)
    created_at: str = member("When it was made.", "2026-01-31T12:00:00Z")
    conditions: InboxConditions = member("Which mail goes to it.")
    retention: InboxRetention = member("Limits of what is kept.")
    label_days: int = member(_LABEL_DAYS, 7)
    known_only: bool = member("Whether RCPT to an unknown address gets 550.", False)
    quota_octets: int = member("The quota in bytes; 0 means no limit.", 0)
    used_octets: int = member(
        "The size of the inbox in bytes, without its trash.", 2048
    )
    paused: bool = member("Whether every RCPT gets 450.", False)
    addresses: list[KnownAddress] = member("The known addresses.")
    address_words: bool = member(_ADDRESS_WORDS, True)
    rules_on: bool = member(_RULES_ON, True)
    strict: StrictChoice = member(_STRICT, "server")
    strict_ignored: list[str] = member(_STRICT_IGNORED, ["local_link"])


class Host(Strict):
    host: str = member(
        "The name of the host; with a port if it is not the usual one.",
        "cdn.example.com",
    )


class InboxChanges(Strict):
    """Members that you leave out stay unchanged."""

    known_only: StrictBool | None = member(
        "Whether RCPT to an unknown address gets 550.", True, None
    )
    quota_octets: Annotated[StrictInt, Field(ge=0, le=2**63 - 1)] | None = member(
        "The quota in bytes; 0 or null means no limit.", 10_000_000, None
    )
    paused: StrictBool | None = member("Whether every RCPT gets 450.", False, None)
    addresses: list[KnownAddress] | None = member(
        "All known addresses; they replace the old ones; at most 1,000.", None, None
    )
    address_words: StrictBool | None = member(_ADDRESS_WORDS, True, None)
    rules_on: StrictBool | None = member(_RULES_ON, True, None)
    strict: StrictChoice | None = member(_STRICT, "error", None)
    strict_ignored: list[str] | None = member(_STRICT_IGNORED, ["local_link"], None)
    name: str | None = member("The name for people.", "Shop", None)
    conditions: InboxConditions | None = member(
        "All conditions; they replace the old ones.", None, None
    )
    retention: InboxRetention | None = member("How much is kept.", None, None)
    label_days: Annotated[StrictInt, Field(ge=0, le=36_500)] | None = member(
        _LABEL_DAYS, 7, None
    )

    def quota(self) -> int | None:
        """Return the quota to set; None to keep it."""
        return (
            (self.quota_octets or 0)
            if "quota_octets" in self.model_fields_set
            else None
        )


@router.get("", response=Page[InboxObject], summary="List inboxes")
def find(request: HttpRequest) -> HttpResponse:
    """All inboxes, by name."""
    found = inboxes.find(scope())
    items = ({"slug": each.slug, "name": each.name} for each in found)
    return answer(serializers.page(items, None))


@router.get("/{slug}", response=InboxDetail, summary="Get an inbox")
def one(request: HttpRequest, slug: Slug) -> HttpResponse:
    """One inbox with its settings."""
    return answer(_detail(inboxes.by_slug(scope(), slug)))


@router.patch("/{slug}", response=InboxDetail, summary="Change an inbox")
@decorate_view(if_match(of_view(one)))
def change(request: HttpRequest, slug: Slug, changes: InboxChanges) -> HttpResponse:
    """Clients get the new settings at once."""
    inbox = inboxes.update(
        scope(),
        slug,
        known_only=changes.known_only,
        quota_octets=changes.quota(),
        paused=changes.paused,
        addresses=_given(changes.addresses),
        address_words=changes.address_words,
        rules_on=changes.rules_on,
        strict=changes.strict,
        strict_ignored=_kinds(changes.strict_ignored),
        name=changes.name,
        conditions=_conditions(slug, changes.conditions),
        label_days=changes.label_days,
        retention=changes.retention.columns() if changes.retention else None,
    )
    return answer(_detail(inbox))


@router.post("", response={201: InboxDetail}, summary="Add an inbox")
def add(request: HttpRequest, given: NewInbox) -> HttpResponse:
    """No mail goes there until a credential or a condition leads to it."""
    return answer(_detail(inboxes.add(scope(), given.slug, given.name)), 201)


@router.delete("/{slug}", response={204: None}, summary="Delete an inbox")
@decorate_view(if_match(of_view(one)))
def remove(request: HttpRequest, slug: Slug) -> HttpResponse:
    """The inbox goes to the trash with its mail, including pinned messages."""
    inbox_removal.delete(scope(), slug, "api")
    return HttpResponse(status=204)


@router.post("/{slug}/restore", response=InboxDetail, summary="Restore an inbox")
def restore(request: HttpRequest, slug: Slug) -> HttpResponse:
    """Restores the inbox with this slug that was deleted last, with its mail."""
    return answer(_detail(inbox_removal.restore_slug(scope(), slug)))


@router.get(
    "/{slug}/remote-hosts", response=Page[Host], summary="List trusted image hosts"
)
def find_hosts(request: HttpRequest, slug: Slug) -> HttpResponse:
    """The hosts from which messages of this inbox can load images."""
    hosts = image_hosts.allowed(inboxes.by_slug(scope(), slug).pk)
    return answer(serializers.page(({"host": each} for each in hosts), None))


@router.post(
    "/{slug}/remote-hosts", response={201: Host}, summary="Trust an image host"
)
def allow_host(request: HttpRequest, slug: Slug, given: Host) -> HttpResponse:
    """Messages of this inbox can load images from the host."""
    image_hosts.allow(inboxes.by_slug(scope(), slug), given.host)
    return answer({"host": given.host.strip().lower()}, 201)


@router.delete(
    "/{slug}/remote-hosts/{host}",
    response={204: None},
    summary="Stop trusting an image host",
)
def forbid_host(request: HttpRequest, slug: Slug, host: HostName) -> HttpResponse:
    """Messages of this inbox can no longer load images from the host."""
    if not image_hosts.forbid(inboxes.by_slug(scope(), slug), host.lower()):
        raise NotFound(f'there is no trusted image host "{host[:80]}"')
    return HttpResponse(status=204)


def _given(addresses: list[KnownAddress] | None) -> list[AddressInput] | None:
    if addresses is None:
        return None
    return [cast(AddressInput, each.model_dump()) for each in addresses]


def _kinds(kinds: list[str] | None) -> list[str] | None:
    return None if kinds is None else strict_setting.clean(kinds)


def _conditions(
    slug: str, given: InboxConditions | None
) -> Callable[[Inbox], SortingConditions] | None:
    if given is None:
        return None
    inbox = inboxes.by_slug(scope(), slug)
    return sorting_conditions.replacement(inbox, given.model_dump())


def _detail(inbox: Inbox) -> Shape:
    return {
        "slug": inbox.slug,
        "name": inbox.name,
        "parent": inboxes.slug(inbox.parent_id),
        "created_at": serializers.stamp(inbox.created_at),
        "conditions": sorting_conditions.complete(inbox.conditions),
        "retention": {
            "messages": inbox.retention_count,
            "days": inbox.retention_days,
            "octets": inbox.retention_octets,
        },
        "label_days": inbox.label_days,
        "known_only": inbox.known_only,
        "quota_octets": inbox.quota_octets,
        "used_octets": inboxes.used_octets(inbox.pk),
        "paused": inbox.paused,
        "addresses": inbox.addresses,
        "address_words": inbox.address_words,
        "rules_on": inbox.rules_on,
        "strict": inbox.strict,
        "strict_ignored": inbox.strict_ignored,
    }
