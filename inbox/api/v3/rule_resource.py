"""API v3: rules, which make the server reply deliberately."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import StrictBool, StrictInt

from inbox import pages, serializers
from inbox.api.v3.common import ANY_ID, InboxSlug, answer, path, query, scope
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.mailbox import inboxes
from inbox.models import Rule
from inbox.models.inbox import DEFAULT_SLUG
from inbox.rules import rulebook, scenarios
from inbox.serializers import Shape

router = Router()

RuleId = Annotated[str, path("The number of a rule.", 12)]
ScenarioName = Annotated[str, path("The name of a scenario.", "greylisting")]
ScenarioSpeed = Annotated[
    int, query("How many times faster its waits pass, up to 1000.", 60)
]
RuleStage = Literal[
    "connect", "helo", "starttls", "auth", "mail", "rcpt", "data", "bdat", "body",
    "rset", "vrfy", "etrn", "quit", "any",
]  # fmt: skip
Number = StrictInt | None
Switch = StrictBool | None

_NAME = "A name for people; the transcript shows it."
_STAGE = (
    "The stage at which it acts: at the connect, at a command, at the end of the message (body), or "
    "at any command."
)
_PATTERN = (
    "A text, a text with * and ?, or a regular expression of RE2 between slashes. "
    "Case is ignored."
)
_ON = "Whether it acts."
_MAX_HITS = "The number of hits after which it stops; null for no limit."
_EXPIRES_IN = "The number of seconds until it expires; null for never."


class RuleConditions(Strict):
    """All given conditions must hold."""

    client: str | None = member(
        "The address or the network of the client.", "10.0.0.0/8", None
    )
    helo: str | None = member(f"The EHLO name. {_PATTERN}", "*.example", None)
    user: str | None = member("The user of a login.", "app", None)
    reverse_path: str | None = member("The sender.", "*@shop.example", None)
    forward_path: str | None = member(
        "The recipient; after RCPT, any accepted recipient.", "audit@*", None
    )
    header: str | None = member("The name of a header field.", "Subject", None)
    header_value: str | None = member("Its value.", "*invoice*", None)
    body: str | None = member(
        "A text anywhere in the message.", "/pay (now|later)/", None
    )
    size_over: Number = member("The message is larger, in bytes.", 10_000, None)
    tls: Switch = member("Whether the session is in TLS.", True, None)
    errors: Switch = member(
        "Whether the message has a finding or a check of level error.", True, None
    )
    transaction: Number = member("Which transaction of the session it is.", 1, None)
    session: Number = member("Which session of the client it is.", 1, None)
    attempt: Number = member("Which attempt of the message it is.", 2, None)
    verb: str | None = member("The command, at the stage any.", "NOOP", None)


class RuleActions(Strict):
    """The reply, and the way it is sent."""

    code: Number = member("The code of the reply.", 451, None)
    enhanced: str | None = member(
        "Its enhanced code; empty for none, null for the usual one.", "4.7.1", None
    )
    text: list[str] | None = member(
        "Its lines; null for the usual text.", ["Try later"], None
    )
    delay_ms: Number = member("Milliseconds before the reply.", 500, None)
    drip: Number = member("Bytes a second at which the reply is written.", 10, None)
    stall: Switch = member("Never reply, and keep the connection.", False, None)
    close: Literal["", "before", "half", "after"] | None = member(
        "Close the connection: before, half way through, or after the reply.", "", None
    )
    reset: Switch = member("Close it with RST.", False, None)
    keep: Number = member("How many characters are left of each line.", 510, None)
    garble: Switch = member("Send the reply backwards.", False, None)
    without: list[str] | None = member("Extensions that EHLO does not offer.", [], None)
    size: Number = member("The SIZE that EHLO offers.", None, None)
    tls_failure: Literal["", "wrong_name", "expired", "no_cipher"] | None = member(
        "How the TLS handshake fails; at starttls, and alone.", "", None
    )
    tags: list[str] | None = member("Tags for the message.", ["slow"], None)
    pin: Switch = member("Pin the message.", True, None)
    inbox: str | None = member("The inbox that the message goes to.", "default", None)
    discard: Switch = member(
        "Accept the message, and do not store it: its transaction is `discarded`.",
        False,
        None,
    )


class RuleLimits(Strict):
    """How often the rule acts, of the times that its conditions hold."""

    first: Number = member("Only the first n times.", 2, None)
    every: Number = member("Only every n-th time.", 1, None)
    rate: Number = member("Only after more than n times in `seconds`.", None, None)
    seconds: Number = member("The length of the window of `rate`.", None, None)
    lasts: Number = member("Only for n seconds since the first time.", 300, None)
    speed: Number = member(
        "How many times faster the waits of `seconds` and `lasts` pass, up to 1000.",
        None,
        None,
    )
    per: Literal["", "client", "sender", "recipient", "session", "triplet"] | None = (
        member(
            "What is counted apart; a triplet is client, sender and recipient.",
            "recipient",
            None,
        )
    )
    probability: float | None = member(
        "The probability that it acts, up to 1.", 0.5, None
    )
    seed: str | None = member("The same seed gives the same run.", "monday", None)
    from_time: str | None = member("The time of day it begins at.", "09:00", None)
    until_time: str | None = member("The time of day it ends at.", "17:00", None)


class RuleHit(Strict):
    session: UUID = member("The id of the session.", ANY_ID)
    seq: int = member("The exchange.", 4)
    at: datetime = member("When it was.")
    url: str = member("The path of the line's page.", "/s/1m52mkfm47pt-4")


class RuleObject(Strict):
    id: int = member("The number of the rule.", 12)
    inbox: str = member("The slug of its inbox.", "default")
    name: str = member(_NAME, "Fail twice")
    scenario: str = member("The scenario that it is part of; empty for none.", "")
    on: bool = member(_ON, True)
    stage: RuleStage = member(_STAGE, "rcpt")
    conditions: dict[str, Any] = member(
        "When it acts; those that were not given are left out.",
        {"forward_path": "audit@*"},
    )
    actions: dict[str, Any] = member("What it does.", {"code": 451})
    limits: dict[str, Any] = member("How often it acts.", {"first": 2})
    max_hits: int | None = member(_MAX_HITS, 100)
    expires_at: datetime | None = member("When it expires; null for never.")
    hits: int = member("How often it acted; counted within a second.", 2)
    last_hits: list[RuleHit] = member("The last exchanges that it acted on.")
    created_at: datetime = member("When it was added.")


class RuleToAdd(Strict):
    stage: RuleStage = member(_STAGE, "rcpt")
    actions: RuleActions = member("What it does.")
    conditions: RuleConditions = member("When it acts.", None, RuleConditions())
    limits: RuleLimits = member("How often it acts.", None, RuleLimits())
    inbox: str = member("The slug of its inbox.", "default", DEFAULT_SLUG)
    name: str = member(_NAME, "Fail twice", "")
    on: StrictBool = member(_ON, True, True)
    max_hits: Number = member(_MAX_HITS, 100, None)
    expires_in: Number = member(_EXPIRES_IN, 600, None)


class RuleChanges(Strict):
    """Members that you leave out stay unchanged; the rule's counts start again."""

    stage: RuleStage | None = member(_STAGE, "rcpt", None)
    actions: RuleActions | None = member("What it does.", None, None)
    conditions: RuleConditions | None = member("When it acts.", None, None)
    limits: RuleLimits | None = member("How often it acts.", None, None)
    name: str | None = member(_NAME, "Fail twice", None)
    on: Switch = member(_ON, False, None)
    max_hits: Number = member(_MAX_HITS, 100, None)
    expires_in: Number = member(_EXPIRES_IN, 600, None)


class ScenarioObject(Strict):
    name: str = member("The name in addresses.", "greylisting")
    title: str = member("The name for people.", "Greylisting")
    description: str = member("What it does.", "Refuses each recipient at first.")
    on: bool = member("Whether it is switched on.", False)
    speed: int | None = member(
        "How many times faster its waits pass; null where it is off.", None
    )


class RuleSpeed(Strict):
    speed: StrictInt = member("How many times faster waits pass, up to 1000.", 60)
    inbox: str = member("The slug of the inbox.", "default", DEFAULT_SLUG)
    scenario: str | None = member(
        "The scenario whose rules are meant; null for all rules.", None, None
    )


class RulePlace(Strict):
    before: StrictInt | None = member(
        "The rule that it is put before; null: at the end.", 7
    )


class RuleOrder(Strict):
    ids: list[StrictInt] = member("The numbers of all its rules.", [12])
    inbox: str = member("The slug of the inbox.", "default", DEFAULT_SLUG)


@router.get("", response=Page[RuleObject], summary="List rules")
def find(request: HttpRequest, inbox: InboxSlug = None) -> HttpResponse:
    """The rules in the order in which they are consulted."""
    return answer(serializers.page(map(shape, rulebook.find(scope(), inbox)), None))


@router.post("", response={201: RuleObject}, summary="Add a rule")
def add(request: HttpRequest, given: RuleToAdd) -> HttpResponse:
    """Adds a rule after the others. It applies to clients at once."""
    fields = given.dict()
    made = rulebook.add(scope(), fields.pop("inbox"), _fields(fields))
    return answer(shape(made), 201)


@router.post("/order", response=Page[RuleObject], summary="Change the order of rules")
def put_in_order(request: HttpRequest, order: RuleOrder) -> HttpResponse:
    """Sets the order in which the rules of an inbox are consulted."""
    found = rulebook.put_in_order(scope(), order.inbox, order.ids)
    return answer(serializers.page(map(shape, found), None))


@router.post("/speed", response=Page[RuleObject], summary="Change the speed of rules")
def set_speed(request: HttpRequest, given: RuleSpeed) -> HttpResponse:
    """Shortens the waits of the rules of an inbox; their counts start again."""
    found = rulebook.set_speed(scope(), given.inbox, given.speed, given.scenario)
    return answer(serializers.page(map(shape, found), None))


@router.get("/scenarios", response=Page[ScenarioObject], summary="List scenarios")
def find_scenarios(request: HttpRequest, inbox: InboxSlug = None) -> HttpResponse:
    """Sets of rules that are switched on together."""
    on = scenarios.switched_on(scope(), inbox or DEFAULT_SLUG)
    items = (
        {
            "name": each.name,
            "title": each.title,
            "description": each.description,
            "on": each.name in on,
            "speed": on.get(each.name),
        }
        for each in scenarios.scenarios()
    )
    return answer(serializers.page(items, None))


@router.post(
    "/scenarios/{name}",
    response={201: Page[RuleObject]},
    summary="Add the rules of a scenario",
)
def switch_on(
    request: HttpRequest,
    name: ScenarioName,
    inbox: InboxSlug = None,
    speed: ScenarioSpeed = 1,
) -> HttpResponse:
    """Adds its rules after the others.

    Their time may run faster, but not the delays of replies.
    """
    made = scenarios.switch_on(scope(), inbox or DEFAULT_SLUG, name, speed)
    return answer(serializers.page(map(shape, made), None), 201)


@router.delete(
    "/scenarios/{name}", response={204: None}, summary="Remove the rules of a scenario"
)
def switch_off(
    request: HttpRequest, name: ScenarioName, inbox: InboxSlug = None
) -> HttpResponse:
    """Removes its rules."""
    scenarios.switch_off(scope(), inbox or DEFAULT_SLUG, name)
    return HttpResponse(status=204)


@router.get("/{id}", response=RuleObject, summary="Get a rule")
def one(request: HttpRequest, id: RuleId) -> HttpResponse:
    """One rule, with its last hits."""
    return answer(shape(rulebook.get(scope(), rulebook.number(id))))


@router.patch("/{id}", response=RuleObject, summary="Change a rule")
@decorate_view(if_match(of_view(one)))
def change(request: HttpRequest, id: RuleId, changes: RuleChanges) -> HttpResponse:
    """Changes a rule. The change applies to clients at once."""
    fields = _fields(changes.dict(exclude_unset=True))
    return answer(shape(rulebook.change(scope(), rulebook.number(id), fields)))


@router.post(
    "/{id}/move", response=Page[RuleObject], summary="Change the place of a rule"
)
def move(request: HttpRequest, id: RuleId, place: RulePlace) -> HttpResponse:
    """Puts a rule before another; rules that others move meanwhile keep their places."""
    rule = rulebook.get(scope(), rulebook.number(id))
    rulebook.place(scope(), rule.pk, place.before)
    slug = inboxes.slug(rule.inbox_id)
    return answer(serializers.page(map(shape, rulebook.find(scope(), slug)), None))


@router.delete("/{id}", response={204: None}, summary="Delete a rule")
@decorate_view(if_match(of_view(one)))
def delete(request: HttpRequest, id: RuleId) -> HttpResponse:
    """Removes a rule. Transcripts keep its name."""
    rulebook.delete(scope(), rulebook.number(id))
    return HttpResponse(status=204)


def _fields(given: Shape) -> Shape:
    """Return the input as the fields of a rule."""
    nullable = ("max_hits", "expires_in")
    named = {"is_on" if name == "on" else name: each for name, each in given.items()}
    return {
        name: each
        for name, each in named.items()
        if each is not None or name in nullable
    }


def shape(rule: Rule) -> Shape:
    return {
        "id": rule.pk,
        "inbox": inboxes.slug(rule.inbox_id),
        "name": rule.name,
        "scenario": rule.scenario,
        "on": rule.is_on,
        "stage": rule.stage,
        "conditions": rule.conditions,
        "actions": rule.actions,
        "limits": rule.limits,
        "max_hits": rule.max_hits,
        "expires_at": serializers.stamp(rule.expires_at),
        "hits": rule.hits,
        "last_hits": [
            {
                "session": session,
                "seq": seq,
                "at": serializers.stamp(datetime.fromisoformat(at)),
                "url": pages.short(UUID(session), seq),
            }
            for session, seq, at in rule.last_hits
        ],
        "created_at": serializers.stamp(rule.created_at),
    }
