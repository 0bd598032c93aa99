"""API v3: findings about clients as objects, and the muted ones."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import InboxSlug, answer, known_inbox, path, scope
from inbox.api.v3.schemas import Page, Strict, member
from inbox.errors import NotFound
from inbox.insight.findings import Finding, FindingsReport, Severity, mutes
from inbox.models import Mute
from inbox.serializers import Shape

router = Router(by_alias=True)

MuteId = Annotated[str, path("The id of the mute.", 7)]


class MuteObject(Strict):
    id: int = member("The id of the mute.", 7)
    inbox: str = member("The slug of the inbox that it applies to.", "default")
    kind: str = member("The kind of finding; see docs/findings.md.", "missing_date")
    reason: str = member("Why it is muted.", "made by hand")
    at: datetime = member("When it was muted.")
    by: str | None = member("The user who muted it; null without accounts.", "ann")


class NewMute(Strict):
    kind: str = member("The kind of finding; see docs/findings.md.", "missing_date")
    reason: str = member("Why it must not count.", "made by hand")
    inbox: str = member("The slug of the inbox that it applies to.", None, "default")


class Rfc(Strict):
    number: int = member("The number of the RFC.", 5321)
    section: str = member("The section.", "2.3.8")
    title: str = member("The title of the section.", "Lines")
    url: str = member(
        "The address.", "https://www.rfc-editor.org/rfc/rfc5321#section-2.3.8"
    )


class FindingPlace(Strict):
    seq: int = member("The seq of the exchange.", 6)
    octets: str = member("The bytes in question, readable.", "Subject: y\\x0aHi")
    offset: int | None = member(
        "Where they begin in the message, in bytes; null if they are not in it.", 10
    )


class FindingObject(Strict):
    kind: str = member("The kind of finding; see docs/findings.md.", "bare_lf_data")
    severity: Severity = member("How bad it is.")
    title: str = member("The finding in a few words.", "LF without CR in the message")
    sentence: str = member("What it means.", "Some servers refuse such a message.")
    seq: int | None = member("The seq of the first place.", 6)
    octets: str = member("The bytes of the first place.", "Subject: y\\x0aHi")
    count: int = member("How often it was found.", 1)
    places: list[FindingPlace] = member("The first places.")
    rfc: Rfc = member("The rule that it breaks or uses.")
    refused_by: str = member(
        'Servers that refuse it, with their replies; "" if none is known.',
        "Exchange Online: 550 5.6.11",
    )
    fix: str = member(
        "What to change, in the terms of the client if it was recognised.",
        "Write the message with CRLF.",
    )
    muted: MuteObject | None = member("The mute; null if it is not muted.")


class ClientObject(Strict):
    name: str = member(
        'The library or program; "probably" comes first if it is a guess.',
        "Go's net/smtp",
    )
    sign: str = member('What gave it away; "" for an unknown client.', "its EHLO name")


class ExtensionsObject(Strict):
    offered: list[str] = member("The extensions in the reply to EHLO.", ["SIZE"])
    used: list[str] = member("Those that the client used.", ["SIZE"])


class Findings(Page[FindingObject]):
    count: int = member("How many errors and warnings are not muted.", 1)
    client: ClientObject = member("The client, if it was recognised.")
    extensions: ExtensionsObject = member("The SMTP extensions of the session.")


@router.get("", response=Page[MuteObject], summary="List muted findings")
def find(request: HttpRequest, inbox: InboxSlug = None) -> HttpResponse:
    """The muted kinds of findings, newest first."""
    found = mutes.find(scope(), known_inbox(inbox))
    return answer(serializers.page(map(_mute, found), None))


@router.post("", response={201: MuteObject}, summary="Mute a kind of finding")
def mute(request: HttpRequest, new: NewMute) -> HttpResponse:
    """A muted kind is still listed, but not counted. Muting it again replaces the reason."""
    made = mutes.mute(scope(), new.inbox, new.kind, new.reason)
    return answer(_mute(made), 201)


@router.delete("/{id}", response={204: None}, summary="Remove a mute")
def unmute(request: HttpRequest, id: MuteId) -> HttpResponse:
    """This kind of finding counts again."""
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise NotFound(f'there is no mute "{id}"')
    mutes.unmute(scope(), int(id))
    return HttpResponse(status=204)


def report(found: FindingsReport) -> Shape:
    """Return a report: its findings, the most severe first, including info and muted ones."""
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
