"""Sorts the mail of clients into inboxes, by the conditions of all inboxes. Pure.

The kinds of conditions are checked in a fixed order: the user of the login, the
recipient, the name of EHLO, the client's network, the listener, the header field
X-Mailsink-Inbox. The first one that holds decides; among inboxes, the one that was made
first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from inbox.mailbox import login_names
from inbox.mailbox.label_inboxes import slug_of
from inbox.policy.sorting_conditions import SortingConditions
from inbox.rules.matching import client_ip, octets, values
from inbox.rules.pattern_index import NetworkIndex, PatternIndex
from inbox.rules.text_patterns import TextPattern
from mailsink.ports import Consult, Stage
from mailsink.smtp.protocol.events import NOT_PLACED, Body, PlacedBy, Placement

HEADER_OCTETS = 64 * 1024  # of a message that are read
_FIELD = re.compile(rb"(?mi)^X-Mailsink-Inbox[ \t]*:[ \t]*([\w-]{1,50})[ \t]*\r?$")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_STAGES: dict[str, Stage] = {
    "users": "auth",
    "recipients": "rcpt",
    "helo": "helo",
    "listeners": "connect",
}
_OF_SESSION = ("users", "helo", "listeners")
# The kinds that can be checked at a stage
_ASKED: dict[Stage, Sequence[str]] = {
    "connect": _OF_SESSION,
    "helo": _OF_SESSION,
    "auth": _OF_SESSION,
    "rcpt": ("recipients",),
}
# The fact for a kind, if it has another name.
_FACTS = {"users": "user", "recipients": "forward_path", "listeners": "listener"}


@dataclass(frozen=True, slots=True)
class Sorted:
    """The facts of an inbox for the sorter.

    logins: the names of its own credentials; parent: the slug of the inbox whose label made
    it, "" for none
    """

    slug: str
    conditions: SortingConditions
    logins: Sequence[str] = ()
    parent: str = ""


@dataclass(frozen=True, slots=True)
class WantedInbox:
    """An inbox that a login requests with a label, and that does not exist."""

    parent: str  # its slug
    label: str


class _Texts:
    """Patterns of one kind, with the inboxes that have them."""

    def __init__(self) -> None:
        self._index = PatternIndex()
        self._others: list[tuple[TextPattern, int]] = []
        self.has_some = False
        self.steps = 0  # of all patterns at each character

    def add(self, pattern: str, place: int) -> None:
        made = TextPattern(pattern)
        self.has_some = True
        self.steps += made.steps
        if made.exact:
            self._index.add_exact(made.exact, place)
        elif made.expression:
            self._index.add(made.expression, made.size, place)
        else:
            self._others.append((made, place))

    def complete(self) -> None:
        self._index.complete()

    def first(self, texts: Iterable[str]) -> int | None:
        """Return the first inbox with a pattern that fits one of these texts; None for none."""
        found = [
            place
            for text in texts
            for place in (
                *self._index.places(text),
                *(place for each, place in self._others if each.fits(text)),
            )
        ]
        return min(found, default=None)


class MailSorter:
    """Finds the inbox of a client, given the known facts about it."""

    def __init__(self, inboxes: Sequence[Sorted]) -> None:
        """inboxes: in the order in which they were made"""
        self._slugs = [each.slug for each in inboxes]
        self._parents = {each.slug: each.parent for each in inboxes}
        self._logins = {name: each.slug for each in inboxes for name in each.logins}
        self._texts = {name: _Texts() for name in _STAGES}
        self._networks = NetworkIndex()
        self._by_header = {
            each.slug.lower(): each.slug
            for each in inboxes
            if each.conditions["header"]
        }
        stages: set[Stage] = {"auth"} if self._logins else set()
        for place, each in enumerate(inboxes):
            stages |= self._add(place, each)
        for texts in self._texts.values():
            texts.complete()
        if stages & {"connect", "helo", "auth"}:
            # STARTTLS and XCLIENT undo the facts that placed it.
            stages |= {"connect", "helo", "auth"}
        if self._logins:
            stages.add("mail")  # its login may have been revoked
        if len(inboxes) > 1 and self._by_header:
            stages.add("body")
        self.stages = frozenset(stages)

    def _add(self, place: int, inbox: Sorted) -> set[Stage]:
        """Add the conditions of an inbox; return the stages at which they apply."""
        stages: set[Stage] = set()
        for network in inbox.conditions["networks"]:
            self._networks.add(ip_network(network, strict=False), place)
            stages.add("connect")
        for name, stage in _STAGES.items():
            for pattern in inbox.conditions[name]:  # type: ignore[literal-required]
                self._texts[name].add(pattern, place)
                stages.add(stage)
        return stages

    def place(self, consult: Consult) -> Placement:
        """Return the inbox of the client from now on."""
        stage, placed = consult.stage, consult.placement
        if stage in ("connect", "helo", "auth"):
            return self._of_session(consult)
        if stage == "rcpt" and placed.by not in ("user", "recipient"):
            return self._found("recipients", "recipient", consult) or placed
        if stage == "body" and not placed.by and consult.body is not None:
            return self._named(consult.body) or placed
        return placed

    def has_to_read(self, consult: Consult) -> bool:
        """Whether the placement requires reading a file."""
        body = consult.body
        return body is not None and body.content is None and not consult.placement.by

    def cost(self, consult: Consult) -> int:
        """Return the approximate number of RE2 steps to place a client."""
        return sum(
            self._texts[name].steps * octets(consult, [_FACTS.get(name, name)])
            for name in _ASKED.get(consult.stage, ())
            if self._texts[name].steps
        )

    def is_revoked(self, consult: Consult) -> bool:
        """Whether a client begins a message after its login, which placed it, was revoked."""
        if consult.stage != "mail" or consult.placement.by != "user":
            return False
        return not (self._logged_in(consult) or self._found("users", "user", consult))

    def wanted(self, consult: Consult) -> WantedInbox | None:
        """Return the inbox that a login requests with a label, if it does not exist."""
        if consult.stage != "auth":
            return None
        user, label = self._login(consult)
        parent = self._logins.get(user) if label else None
        if parent is None or self._labelled(parent, label):
            return None
        return WantedInbox(parent, label)

    def _of_session(self, consult: Consult) -> Placement:
        found = (
            self._logged_in(consult)
            or self._found("users", "user", consult)
            or self._found("helo", "helo", consult)
        )
        if found:
            return found
        address = client_ip(str(consult.facts.get("client_address", "")))
        if places := self._networks.places(address):
            return Placement(self._slugs[min(places)], "network")
        return self._found("listeners", "listener", consult) or NOT_PLACED

    def _login(self, consult: Consult) -> login_names.LoginName:
        name = login_names.without_strict(str(consult.facts.get("user", "")))
        if name in self._logins:
            return login_names.LoginName(name)
        return login_names.split(name)

    def _logged_in(self, consult: Consult) -> Placement | None:
        """Return the inbox of a credential, or of its label."""
        user, label = self._login(consult)
        slug = self._logins.get(user)
        if slug is None:
            return None
        return Placement(self._labelled(slug, label) or slug, "user")

    def _labelled(self, parent: str, label: str) -> str:
        """Return the slug of a label's inbox; "" if the parent has no such inbox.

        Another inbox can have the same slug by chance.
        """
        slug = slug_of(parent, label) if label else ""
        return slug if slug and self._parents.get(slug) == parent else ""

    def _found(self, name: str, by: PlacedBy, consult: Consult) -> Placement | None:
        texts = self._texts[name]
        if not texts.has_some:
            return None
        place = texts.first(values(consult, _FACTS.get(name, name)))
        return None if place is None else Placement(self._slugs[place], by)

    def _named(self, body: Body) -> Placement | None:
        """Return the inbox that the header of a message names."""
        named = _FIELD.search(_header(body))
        slug = named and self._by_header.get(
            named[1].decode("ascii", "replace").lower()
        )
        return Placement(slug, "header") if slug else None


def _header(body: Body) -> bytes:
    """Return the header of a message, up to the limit."""
    if body.content is not None:
        octets = body.content[:HEADER_OCTETS]
    else:
        assert body.path is not None  # a body has either octets or a path
        with body.path.open("rb") as file:
            octets = file.read(HEADER_OCTETS)
    end = _HEADER_END.search(octets)
    return octets[: end.start()] + b"\n" if end else octets
