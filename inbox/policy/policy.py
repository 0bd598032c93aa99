"""Decides replies to clients by the settings of one inbox.

It works from memory: the settings are read again when this process changes them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from typing import Any

from inbox.mailbox import inboxes
from inbox.mailbox.known_addresses import Book
from inbox.models import Inbox
from inbox.policy import lookup, strict_mode, strict_setting
from inbox.policy.message_judge import MessageJudge
from inbox.policy.quota import Usage
from inbox.policy.rule_policy import RulePolicy
from inbox.policy.strict_mode import StrictMode
from inbox.policy.strict_setting import NOT_STRICT, StrictSetting
from inbox.rules import address_words
from inbox.rules.address_words import merged
from inbox.rules.rulebook import rules_changed
from mailsink.ports import GO_ON, Consult, Decision, Stage
from mailsink.smtp.protocol import grammar, replies
from mailsink.smtp.protocol.replies import Reply

# Parameters of MAIL that request delivery at a certain time (RFC 2852, RFC 4865).
_TIMED = ("BY", "HOLDFOR", "HOLDUNTIL")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of an inbox, as read last."""

    slug: str = ""
    known_only: bool = False
    quota_octets: int = 0  # 0: none
    paused: bool = False
    addresses: list[Any] = field(default_factory=list)
    address_words: bool = False
    rules_on: bool = False
    strict: str = "server"
    strict_ignored: list[str] = field(default_factory=list)


class InboxPolicy:
    """Decides by the rules and the settings of one inbox, and by address words.

    Rules come first, then address words, then settings, beginning with strict mode.
    """

    def __init__(
        self,
        inbox_id: int,
        strict: StrictSetting = NOT_STRICT,
        judge: MessageJudge | None = None,
        of_others: Callable[[str, Consult], Decision] = lambda slug, consult: GO_ON,
    ) -> None:
        """Start without settings, until the first refresh.

        strict: the server's own mode; judge: shared with others; of_others: decides by
        the quota of another inbox, given its slug
        """
        self._inbox = inbox_id
        self._of_others = of_others
        self._strict_setting = strict
        self._strict = StrictMode()
        self._judge = judge or MessageJudge()
        self._usage = Usage(inbox_id)
        self._rules = RulePolicy(inbox_id, self._judge)
        self._settings = Settings()
        self._book = Book([])
        # settings that were read first must not be set last
        self._reading = threading.Lock()
        self.stages: Collection[Stage] = frozenset()
        self._speaking: Collection[Stage] = frozenset()  # at which the settings apply
        self._answers: dict[Stage, Callable[[Consult], Decision]] = {
            "mail": self._mail,
            "rcpt": self._rcpt,
            "body": self.by_quota,
            "vrfy": self._vrfy,
        }
        inboxes.changed.connect(self._changed)
        rules_changed.connect(self._changed)

    def decide_now(self, consult: Consult) -> Decision | None:
        """Answer a consultation; return None if a rule or the checks require waiting."""
        if self._strict.holds(consult):
            return None
        decided = self._rules.decide_now(consult)
        if decided is None:
            return None
        return self._by_settings(consult, self._with_words(consult, decided))

    async def decide(self, consult: Consult) -> Decision:
        """Answer a consultation."""
        decided = self._with_words(consult, await self._rules.decide(consult))
        if decided.reply is None and self._strict.holds(consult):
            slug = self._settings.slug
            judged = await self._strict.decide(consult, self._judge, slug)
            decided = merged(decided, judged)
        return self._by_settings(consult, decided)

    def _with_words(self, consult: Consult, decided: Decision) -> Decision:
        """Return the decision of the rules, merged with that of address words."""
        asks = consult.may_ask and self._settings.address_words
        if asks and not _refuses(decided):
            return merged(decided, address_words.decision(consult))
        return decided

    def _by_settings(self, consult: Consult, decided: Decision) -> Decision:
        """Return the decision so far, merged with that of the settings."""
        if _refuses(decided):
            return decided
        if consult.stage == "body":
            target = decided.inbox or str(consult.facts.get("inbox", ""))
            if target not in (
                "",
                self._settings.slug,
            ):  # a rule puts the message into that inbox
                return merged(decided, self._of_others(target, consult))
        if consult.stage not in self._speaking:
            return decided
        return merged(decided, self._answers[consult.stage](consult))

    @property
    def lets_ask(self) -> bool:
        """Whether addresses and names of clients can ask for replies at all."""
        return self._settings.address_words

    def asks(self, name: str) -> bool:
        """Whether an address or a name of a client can ask for a reply."""
        return self._settings.address_words and (
            address_words.may_ask(name) or strict_mode.may_ask(name)
        )

    # Keeping up, on other threads than the event loop's

    def refresh(self) -> None:
        """Read the settings, and the size of the inbox if it has a quota.

        Also write the data that is kept in memory, but not while other threads wait to
        read: one may have the write turn (a change with If-Match).
        """
        self.read()
        self.write_hits()

    def read(self) -> None:
        """Read the settings, without writing."""
        with self._reading:
            self._refresh()

    def _refresh(self) -> None:
        names = [each.name for each in fields(Settings)]
        row = Inbox.objects.filter(pk=self._inbox).values_list(*names).first()
        settings = Settings(*row) if row else Settings()
        if settings.quota_octets:
            self._usage.count()
        if settings != self._settings:
            self._book = Book(settings.addresses)
            self._settings = settings
        self._rules.refresh(settings.rules_on)
        self._strict = strict_setting.of_inbox(
            self._inbox, settings.strict, settings.strict_ignored, self._strict_setting
        ).for_clients(settings.address_words)
        self._rules.ignored = self._strict.ignored
        self._speaking = _stages(settings, self._book)
        stages = self._speaking | self._rules.stages
        self.stages = stages | {"body"} if self._strict.always else stages

    def count(self) -> None:
        """Count the size of the inbox again, if it has a quota."""
        if self._settings.quota_octets:
            self._usage.count()

    def write_hits(self) -> None:
        """Write the hits of rules, which are kept in memory until then. Blocks."""
        self._rules.write_hits()

    def _changed(self, inbox_id: int, **_: Any) -> None:
        if inbox_id == self._inbox:
            self.refresh()

    # Deciding, on the event loop

    def _mail(self, consult: Consult) -> Decision:
        parameters = grammar.parse_parameters(str(consult.facts.get("parameters", "")))
        if self._settings.paused:
            for keyword in _TIMED:
                if keyword in parameters:
                    return self._decided("pause", replies.not_while_paused(keyword))
        size = int(parameters.get("SIZE") or 0)
        return self._decided("quota", self._no_room(size) if size else None)

    def _rcpt(self, consult: Consult) -> Decision:
        settings = self._settings
        reply = lookup.recipient(
            self._book,
            settings.known_only,
            _plain(consult.facts["forward_path"]),
            bool(consult.facts.get("smtputf8")),
        )
        if reply is not None and reply.code >= 500:
            return self._decided("known addresses", reply)
        if settings.paused:
            return self._decided("pause", replies.PAUSED)
        if 0 < settings.quota_octets <= self._usage.octets:
            return self._decided("quota", replies.MAILBOX_FULL)
        return self._decided("known addresses", reply)

    def by_quota(self, consult: Consult) -> Decision:
        """Decide about a message by the quota only."""
        size = int(consult.facts["size"])
        reply = self._no_room(size)
        if reply is None:
            self._usage.let_in(size)
        return self._decided("quota", reply)

    def _vrfy(self, consult: Consult) -> Decision:
        name = _plain(consult.facts["argument"])
        utf8 = bool(consult.facts.get("smtputf8"))
        if consult.facts["verb"] == "EXPN":
            reply = lookup.expand(self._book, name, utf8)
        else:
            known_only = self._settings.known_only
            reply = lookup.verify(self._book, known_only, name, utf8)
        return self._decided("known addresses", reply)

    def _no_room(self, size: int) -> Reply | None:
        """Return the refusal of this number of octets, if the quota refuses it.

        See RFC 1870 §6.1.
        """
        quota = self._settings.quota_octets
        if not quota:
            return None
        if size > quota:
            return replies.over_quota(size, quota)
        free = max(0, quota - self._usage.octets)
        return replies.no_room(size, free) if size > free else None

    def _decided(self, what: str, reply: Reply | None) -> Decision:
        if reply is None:
            return GO_ON
        return Decision(reply, rule=f"{what} of inbox {self._settings.slug}")


def _stages(settings: Settings, book: Book) -> frozenset[Stage]:
    """Return the stages at which these settings apply; none for most users.

    At the other stages, none of their methods runs.
    """
    speaking = book.kinds & {"forwarded", "moved", "ambiguous"}
    limited = settings.paused or settings.quota_octets
    wanted: dict[Stage, object] = {
        "mail": limited,
        "rcpt": limited or settings.known_only or speaking,
        "body": settings.quota_octets,
        "vrfy": settings.known_only or len(book),
    }
    return frozenset(stage for stage, wants in wanted.items() if wants)


def _refuses(decided: Decision) -> bool:
    return decided.reply is not None and decided.reply.code >= 400


def _plain(fact: str | int) -> str:
    """Return the client's original text: in facts its backslashes are doubled."""
    return str(fact).replace("\\\\", "\\")
