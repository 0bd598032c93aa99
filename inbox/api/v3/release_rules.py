"""API v3: rules that release captured messages automatically."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import StrictBool, StrictInt

from inbox import serializers
from inbox.api.v3.common import ANY_ID, answer, path
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.models import ReleaseRule
from inbox.outgoing import release_rules
from inbox.serializers import Shape

router = Router()

RuleId = Annotated[str, path("The id of a rule.", ANY_ID)]
Action = Literal["release", "copy"]

_ENABLED = "Whether the rule applies."
_ACTION = (
    "release: the message goes to the recipients that fit; copy: it goes to copy_to, as "
    "long as a recipient fits."
)
_INBOX = "The slug of the inbox whose messages are meant; empty for all of them."
_SENDERS = "Patterns of the reverse-path, as those of routes; none: any."
_RECIPIENTS = "Patterns of the recipients."
_ROUTE = "The name of the route, which must allow the recipient, too."
_COPY_TO = "The address that copies go to; empty for a release."


class ReleaseRuleObject(Strict):
    id: UUID = member("The id of the rule.", ANY_ID)
    name: str = member("The name.", "staging team")
    position: int = member("The place: the first that fits a recipient takes it.", 1)
    enabled: bool = member(_ENABLED, True)
    action: Action = member(_ACTION, "release")
    inbox: str = member(_INBOX, "")
    senders: list[str] = member(_SENDERS, [])
    recipients: list[str] = member(_RECIPIENTS, ["*@example.com"])
    route: str = member(_ROUTE, "staging")
    copy_to: str = member(_COPY_TO, "")
    created_at: datetime = member("When the rule was added.")


class ReleaseRuleToAdd(Strict):
    name: str = member("The name.", "staging team")
    enabled: StrictBool = member(_ENABLED, True, True)
    action: Action = member(_ACTION, "release", "release")
    inbox: str = member(_INBOX, "", "")
    senders: list[str] = member(_SENDERS, [], [])
    recipients: list[str] = member(_RECIPIENTS, ["*@example.com"])
    route: str = member(_ROUTE, "staging")
    copy_to: str = member(_COPY_TO, "", "")


class ReleaseRuleChanges(Strict):
    """Members that you leave out stay unchanged."""

    name: str | None = member("The new name.", "staging team", None)
    position: StrictInt | None = member("The new place, from 1 on.", 1, None)
    enabled: StrictBool | None = member(_ENABLED, True, None)
    action: Action | None = member(_ACTION, "release", None)
    inbox: str | None = member(_INBOX, "", None)
    senders: list[str] | None = member(_SENDERS, [], None)
    recipients: list[str] | None = member(_RECIPIENTS, ["*@example.com"], None)
    route: str | None = member(_ROUTE, "staging", None)
    copy_to: str | None = member(_COPY_TO, "", None)


@router.get("", response=Page[ReleaseRuleObject], summary="List release rules")
def find(request: HttpRequest) -> HttpResponse:
    """The rules in their order."""
    return answer(serializers.page(map(_shape, release_rules.find()), None))


@router.post("", response={201: ReleaseRuleObject}, summary="Add a release rule")
def add(request: HttpRequest, given: ReleaseRuleToAdd) -> HttpResponse:
    """Adds a rule after the others. It applies to messages that arrive from now on."""
    return answer(_shape(release_rules.add(given.dict())), 201)


@router.get("/{id}", response=ReleaseRuleObject, summary="Get a release rule")
def one(request: HttpRequest, id: RuleId) -> HttpResponse:
    """One rule."""
    return answer(_shape(release_rules.get(id)))


@router.patch("/{id}", response=ReleaseRuleObject, summary="Change a release rule")
@decorate_view(if_match(of_view(one)))
def change(
    request: HttpRequest, id: RuleId, changes: ReleaseRuleChanges
) -> HttpResponse:
    """Changes a rule. The change applies to messages that arrive from now on."""
    return answer(_shape(release_rules.change(id, changes.dict(exclude_none=True))))


@router.delete("/{id}", response={204: None}, summary="Delete a release rule")
@decorate_view(if_match(of_view(one)))
def delete(request: HttpRequest, id: RuleId) -> HttpResponse:
    """Removes a rule. Its releases stay in the queue."""
    release_rules.delete(id)
    return HttpResponse(status=204)


def _shape(rule: ReleaseRule) -> Shape:
    return {
        "id": str(rule.pk),
        "name": rule.name,
        "position": rule.position,
        "enabled": rule.enabled,
        "action": rule.action,
        "inbox": rule.inbox.slug if rule.inbox else "",
        "senders": rule.senders,
        "recipients": rule.recipients,
        "route": rule.route.name if rule.route else "",
        "copy_to": rule.copy_to,
        "created_at": serializers.stamp(rule.created_at),
    }
