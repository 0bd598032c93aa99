"""Strict mode: a message with an error is refused, so that the sender's own tests fail.

The EHLO name or the user name of a client can ask for it; else the inbox's setting
counts, and then the server's (MAILSINK_STRICT).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from inbox.insight.mail_faults import Fault
from inbox.policy.message_judge import Judgement, MessageJudge, flags_of
from mailsink.ports import GO_ON, Consult, Decision
from mailsink.smtp.protocol import replies

RULE = "strict mode"  # the beginning of an exchange's rule if strict mode decided
_SHOWN = 3  # errors named in a reply
_SNIPPET = 80  # characters
_ASKING = re.compile(
    r".*\+strict(?:@[^@]*)?|(?:.*\.)?strict\.mailsink\.test", re.DOTALL
)
# Typographic characters of our own sentences: replies must be ASCII.
_PLAIN = str.maketrans(
    {"\u201c": '"', "\u201d": '"', "\u2019": "'", "\u2026": "...", "\xa7": "section "}
)


def may_ask(name: str) -> bool:
    """Whether this name of a client asks for strict mode: app+strict, strict.mailsink.test."""
    return "strict" in name and _ASKING.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class StrictMode:
    """The strict mode of an inbox.

    always: for every client; on_demand: for those that ask; ignored: kinds that are no
    errors here
    """

    always: bool = False
    on_demand: bool = False
    ignored: Collection[str] = frozenset()

    def holds(self, consult: Consult) -> bool:
        """Whether the message of this consultation must be judged."""
        if consult.stage != "body" or consult.body is None:
            return False
        return self.always or (self.on_demand and self._is_asked(consult))

    def _is_asked(self, consult: Consult) -> bool:
        facts = consult.facts
        return any(may_ask(str(facts.get(name, ""))) for name in ("helo", "user"))

    async def decide(
        self, consult: Consult, judge: MessageJudge, slug: str
    ) -> Decision:
        """Refuse a message with a fault; add a remark if it could not be judged."""
        assert consult.body is not None  # strict mode applies to messages only
        judged = await judge.judge(consult.body, flags_of(consult), self.ignored)
        return _decided(judged, slug)


def _decided(judgement: Judgement, slug: str) -> Decision:
    rule = f"{RULE} of inbox {slug}"
    if judgement.faults:
        return Decision(replies.faulty(sentences(judgement.faults)), rule=rule)
    if judgement.missed:
        return Decision(
            notice=f"Strict mode did not check everything: {judgement.missed}."
        )
    return GO_ON


def sentences(faults: Sequence[Fault]) -> list[str]:
    """Return faults as the lines of a reply: the first ones, a sentence for each."""
    lines = [_sentence(each) for each in faults[:_SHOWN]]
    more = len(faults) - len(lines)
    if more > 0:
        lines.append(f"{more} more error{'s' if more > 1 else ''}")
    return lines


def _sentence(fault: Fault) -> str:
    where = fault.place
    if fault.line is not None:
        where += f" line {fault.line}"
    found = ": ".join(filter(None, (where, fault.snippet[:_SNIPPET])))
    sentence = fault.kind.sentence.translate(_PLAIN)
    return f"{sentence} ({found})" if found else sentence
