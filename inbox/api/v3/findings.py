"""API v3: findings about clients as objects, and what of them is muted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from inbox import serializers
from inbox.api.v3.common import InboxSlug, answer, known_inbox, scope
from inbox.api.v3.schemas import Page, Strict
from inbox.errors import NotFound
from inbox.insight.findings import Finding, FindingsReport, Severity, mutes
from inbox.models import Mute
from inbox.serializers import Shape

router = Router(by_alias=True)

Key = Annotated[str, Field(description="a kind of finding, as in the list")]


class MuteObject(Strict):
    id: int
    inbox: str
    kind: Key
    reason: str
    at: datetime
    by: str | None = Field(
        description="a user's name; null while there are no accounts"
    )


class NewMute(Strict):
    kind: Key
    reason: str = Field(description="why it is not to be counted")
    inbox: str = "default"


class Rfc(Strict):
    number: int
    section: str
    title: str
    url: str


class Place(Strict):
    seq: int = Field(description="of the exchange")
    octets: str = Field(description="the offending ones, readable; may be cut short")
    offset: int | None = Field(description="of the first of them in the message")


class FindingObject(Strict):
    kind: Key
    severity: Severity
    title: str
    sentence: str
    seq: int | None = Field(description="of the first place's exchange")
    octets: str = Field(description="of the first place")
    count: int = Field(description="how often")
    places: list[Place] = Field(description="the first ones")
    rfc: Rfc
    refused_by: str = Field(description='servers that do, with their replies; or ""')
    fix: str = Field(description="in the client's own terms, if it was recognised")
    muted: MuteObject | None


class ClientObject(Strict):
    name: str = Field(description='with "probably" before it where that is not certain')
    sign: str = Field(description='what gave it away; "" for an unknown client')


class ExtensionsObject(Strict):
    offered: list[str]
    used: list[str]


class Findings(Page[FindingObject]):
    count: int = Field(description="of errors and warnings that are not muted")
    client: ClientObject
    extensions: ExtensionsObject


@router.get("", response=Page[MuteObject])
def find(request: HttpRequest, inbox: InboxSlug = None) -> HttpResponse:
    """The muted kinds of finding, newest first."""
    found = mutes.find(scope(), known_inbox(inbox))
    return answer(serializers.page(map(_mute, found), None))


@router.post("", response={201: MuteObject})
def mute(request: HttpRequest, new: NewMute) -> HttpResponse:
    """Mute a kind of finding in an inbox; once more gives a new reason."""
    made = mutes.mute(scope(), new.inbox, new.kind, new.reason)
    return answer(_mute(made), 201)


@router.delete("/{id}", response={204: None})
def unmute(request: HttpRequest, id: str) -> HttpResponse:
    """Count a kind of finding again."""
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise NotFound(f'there is no mute "{id}"')
    mutes.unmute(scope(), int(id))
    return HttpResponse(status=204)


def report(found: FindingsReport) -> Shape:
    """Return a report: its findings, the most severe first, with info and muted ones."""
    return {
        **serializers.page(map(_finding, found.findings), None),
        "count": len(found.counted),
        "client": {"name": found.client.words, "sign": found.client.sign},
        "extensions": {
            "offered": list(found.extensions.offered),
            "used": list(found.extensions.used),
        },
    }


def _finding(finding: Finding) -> Shape:
    kind, section = finding.kind, finding.kind.section
    first = finding.places[0] if finding.places else None
    return {
        "kind": kind.name,
        "severity": finding.severity,
        "title": kind.title,
        "sentence": finding.sentence,
        "seq": first.seq if first else None,
        "octets": first.octets if first else "",
        "count": finding.count,
        "places": [
            {"seq": each.seq, "octets": each.octets, "offset": each.offset}
            for each in finding.places
        ],
        "rfc": {
            "number": section.rfc,
            "section": section.number,
            "title": section.title,
            "url": section.url,
        },
        "refused_by": kind.refused_by,
        "fix": finding.fix,
        "muted": _mute(finding.mute) if finding.mute else None,
    }


def _mute(mute: Mute) -> Shape:
    return {
        "id": mute.pk,
        "inbox": mute.inbox.slug,
        "kind": mute.kind,
        "reason": mute.reason,
        "at": serializers.stamp(mute.at),
        "by": mute.user.get_username() if mute.user else None,
    }
