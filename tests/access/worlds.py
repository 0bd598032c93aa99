"""An inbox with one of everything in it, and the addresses of these things by route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver

from inbox.access import share_links
from inbox.access.identity import EVERYBODY
from inbox.insight.findings import mutes
from inbox.mailbox import (
    discussion,
    image_hosts,
    inboxes,
    marking,
    selection,
    trash,
)
from inbox.mailbox.scope import ALL
from inbox.models import (
    Inbox,
    Membership,
    Message,
    Transaction,
    Webhook,
    WebhookDelivery,
)
from inbox.models.webhook import EVENTS
from inbox.outgoing import held_domains, releases
from inbox.rules import rulebook
from inbox.webhooks import hooks
from mailsink.ids import short_id
from tests import people
from tests.factories import recorded_message, recorded_transaction
from tests.mails import ORDER


@dataclass
class World:
    """An inbox. word: what is in all texts of it, and nowhere else"""

    inbox: Inbox
    word: str
    message: Message
    deleted: Message
    refused: Transaction
    release: str
    rule: int
    webhook: Webhook
    delivery: WebhookDelivery
    mute: int
    member: int
    link: UUID
    comment: UUID

    def path(self, route: str) -> str:
        """Return the path of a route, with the ids of this inbox."""
        path = route
        for pattern, value in self._values():
            path = re.sub(
                pattern, lambda found, to=value: f"{found[found.lastindex]}{to}", path
            )
        assert "<" not in path, f"{route}: no value for {path}"
        return f"/{path}"

    def _values(self) -> Iterator[tuple[str, object]]:
        session = self.message.transaction.session_id
        yield r"(^messages/|^sessions/|^s/)<str:id>", "none"
        yield r"(^(?:trash/|api/v3/messages/(?=<id>/restore)))<[^>]+>", self.deleted.pk
        yield r"(transactions/)<[^>]+>", self.refused.pk
        yield r"((?:^|v3/)sessions/)<[^>]+>", session
        yield r"(^s/)<[^>]+>", short_id(session, 1)
        yield r"(outgoing/|releases/)<(?:uuid:)?id>", self.release
        yield r"(held/)<(?:str:)?domain>", f"{self.word}.test"
        yield r"(deliveries/)<[^>]+>", self.delivery.pk
        yield r"(webhooks/)<[^>]+>", self.webhook.pk
        yield r"(^rules/|v3/rules/)<(?:str:)?id>", self.rule
        yield r"(mutes/)<id>", self.mute
        yield r"(inboxes/)<(?:str:)?slug>", self.inbox.slug
        yield r"(credentials/)<(?:str:)?username>", self.word
        yield r"(remote-hosts/)<host>", f"{self.word}.test"
        yield r"(deleted/)<int:key>", self.inbox.pk
        yield r"(scenarios/)<(?:str:)?name>", "greylisting"
        yield r"(routes/)<(?:str:)?name>", "hop"
        yield r"(tags/)<path:tag>", self.word
        yield r"(compare/)<other>", self.deleted.pk
        yield r"(comments/)<[^>]+>", self.comment
        yield r"(messages/|message/|view/)<[^>]+>", self.message.pk
        yield r"(rules\.)<str:form>", "yaml"
        yield r"(part/)<(?:str|int):number>|(parts/)<int:n>", 0
        yield r"(/)<(?:int:seq|int:file)>", 1
        yield r"(parts/)<str:signed>", "x"
        yield r"(searches/)<[^>]+>|(rules/)<uuid:id>|(release-rules/)<id>", session
        yield r"(tokens/|passkeys/)<[^>]+>", session
        yield r"(setup/|invitations/)<str:key>", "x"
        yield r"(invitations/)<[^>]+>", session
        yield r"(users/|groups/|members/)<[^>]+>", self.member
        yield r"(shared/)<str:secret>", "x"
        yield r"(shares/)<[^>]+>", self.link
        yield r"^()\^/\+\(\?P<rest>view/\.\+\)\$", f"/view/{self.message.pk}"
        yield r"(v[12])\(\?:/\.\*\)\?\$", "/none"


def world(slug: str, word: str) -> World:
    """Make an inbox with one of everything; there has to be a route "hop"."""
    inbox = people.an_inbox(slug)
    Inbox.objects.filter(pk=inbox.pk).update(name=word)
    message, deleted = _mail(inbox, word), _mail(inbox, word)
    marking.update(ALL, message.pk, tags=[word], note=word)
    trash.delete(ALL, selection.by_ids([deleted.pk]), word)
    refused = recorded_transaction(_body(word), "rejected", 550, f"550 5.7.1 {word}")
    _into(inbox, refused, refused.session)
    hook = hooks.add(
        ALL,
        {"url": f"http://{word}.test/", "name": word, "events": EVENTS, "inbox": slug},
    ).webhook
    delivery = WebhookDelivery.objects.create(
        webhook=hook, event=EVENTS[0], event_id=hook.pk, object_id=message.pk,
        state="failed", tries=1, text=word,
    )  # fmt: skip
    rule = {"stage": "rcpt", "name": word, "actions": {"code": 550, "text": [word]}}
    to_hold = {"domain": f"{word}.test", "users": [word], "route": "hop"}
    held_domains.add(ALL, slug, to_hold)
    address = {"address": f"{word}@example.com", "name": word, "kind": "mailbox"}
    inboxes.put_address(ALL, slug, {**address, "target": []})
    image_hosts.allow(inbox, f"{word}.test")
    member = _member(inbox, word)
    assert member.user is not None
    return World(
        inbox, word, message, deleted, refused,
        str(releases.request(ALL, message.pk, "hop", by=word).pk),
        rulebook.add(ALL, slug, rule).pk,
        hook, delivery,
        mutes.mute(ALL, slug, "hello_not_qualified", word).pk,
        member.pk,
        share_links.add(EVERYBODY, "message", message.pk).link.pk,
        discussion.add(message, member.user.pk, word, word).pk,
    )  # fmt: skip


def _body(word: str) -> bytes:
    return ORDER.replace(b"Your order", word.encode()).replace(
        b"Thank you", word.encode()
    )


def _mail(inbox: Inbox, word: str) -> Message:
    made = recorded_message(_body(word), f"{word}@shop.test", [f"{word}@example.com"])
    _into(inbox, made, made.transaction, made.transaction.session)
    return made


def _member(inbox: Inbox, word: str) -> Membership:
    return Membership.objects.create(inbox=inbox, user=people.user(word), role="viewer")


def _into(inbox: Inbox, *rows: object) -> None:
    for each in rows:
        each.inbox = inbox  # type: ignore[attr-defined]
        each.save(update_fields=["inbox"])  # type: ignore[attr-defined]


def routes() -> list[str]:
    """Return the patterns of all routes, as Django and the table have them."""

    def below(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
        for each in resolver.url_patterns:
            own = str(each.pattern)  # joined as Django does
            pattern = f"{prefix}{own.removeprefix('^')}" if prefix else own
            if isinstance(each, URLPattern):
                yield pattern
            else:
                yield from below(each, pattern)

    return sorted(set(below(get_resolver())))
