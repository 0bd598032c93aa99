"""Addresses and names that ask for replies without any set-up. Pure.

`rcpt550_5.1.1@example.com`, `delay3s-mail452@…`, `EHLO size10000-nopipelining.example`:
words with a number have a meaning in any domain, words without one (`drop-data@…`) only
under mailsink.test, so that no real address has an effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from inbox.rules.usual_replies import usual_reply
from mailsink.ports import GO_ON, Consult, Decision, Stage
from mailsink.smtp.protocol.replies import Reply

LONGEST_DELAY = 300.0  # seconds
_ONLY_UNDER = "mailsink.test"
_LONGEST_READ = 256  # characters of an address (RFC 5321 §4.5.3.1.3)
_LONGEST_SHOWN = 100
_MOST_RECIPIENTS = 20  # of the recipients with words, at the end of a message

EXTENSIONS = (
    "SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING", "BINARYMIME",
    "ENHANCEDSTATUSCODES", "DSN", "DELIVERBY", "MT-PRIORITY", "FUTURERELEASE",
    "LIMITS", "ETRN", "ATRN", "TURN", "STARTTLS", "REQUIRETLS", "AUTH", "EXPN", "HELP",
)  # fmt: skip
_BY_WORD = {f"no{each.lower().replace('-', '')}": each for each in EXTENSIONS}
_STAGES: dict[str, Stage] = {
    "ehlo": "helo", "helo": "helo", "auth": "auth", "mail": "mail", "rcpt": "rcpt",
    "data": "data", "body": "body",
}  # fmt: skip
DEEDS: dict[str, dict[str, Any]] = {
    "drop": {"close": "before"},
    "reset": {"close": "before", "resets": True},
    "half": {"close": "half"},
    "stall": {"stall": True},
    "cut": {"kept": 2},
    "garble": {"garbled": True},
}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}

_WORD = (
    rf"(?:(?P<stage>{'|'.join(_STAGES)})(?P<code>(?P<class>[245])[0-5][0-9])"
    r"(?:_(?P<enhanced>(?P=class)\.[0-9]{1,3}\.[0-9]{1,3}))?"
    r"|delay(?P<delay>[0-9]{1,6})(?P<unit>ms|s|m)"
    r"|size(?P<size>[1-9][0-9]{0,14})"
    rf"|(?P<without>{'|'.join(sorted(_BY_WORD, key=len, reverse=True))})"
    rf"|(?P<deed>{'|'.join(DEEDS)})-(?P<at>mail|rcpt|data|body))"
)
_NEXT = re.compile(rf"{_WORD}(?:-|(?P<end>@|\.|$))", re.ASCII | re.IGNORECASE)
# A quick first check of each client's names: it must cost almost no time.
_BEGINNINGS = frozenset(
    word[:4]
    for word in (*_STAGES, "delay", "size", *_BY_WORD, *(f"{each}-" for each in DEEDS))
)


class _Word(NamedTuple):
    """One word: its stage and its effect."""

    stage: Stage | None  # None: the stage of the line with the address or name
    decision: Decision


def may_ask(name: str) -> bool:
    """Whether an address or a name may ask for a reply: whether it begins like a word."""
    return name[:4].lower() in _BEGINNINGS and _NEXT.match(name) is not None


def decision(consult: Consult) -> Decision:
    """Return the decision of the addresses and names known so far; GO_ON for none."""
    found = GO_ON
    for kind, name, said_now in _names(consult):
        for word in _words(name):
            now = said_now if word.stage is None else word.stage == consult.stage
            if now:
                rule = f"{kind} {name[:_LONGEST_SHOWN]}"
                found = merged(found, replace(word.decision, rule=rule))
    return found


def merged(first: Decision, second: Decision) -> Decision:
    """Merge two decisions into one; where they disagree, the first one counts."""
    if first is GO_ON:
        return second
    if second is GO_ON:
        return first
    return replace(
        first if first.shapes else second,
        reply=first.reply or second.reply,
        delay=min(first.delay + second.delay, LONGEST_DELAY),
        without=first.without | second.without,
        size=first.size or second.size,
        tls_failure=first.tls_failure or second.tls_failure,
        tags=first.tags + second.tags,
        pinned=first.pinned or second.pinned,
        inbox=first.inbox or second.inbox,
        discarded=first.discarded or second.discarded,
        rule=_both(first.rule, second.rule),
        notice=first.notice or second.notice,
    )


def _both(first: str, second: str) -> str:
    return first if second in ("", first) else f"{first}, {second}" if first else second


def _names(consult: Consult) -> Iterator[tuple[str, str, bool]]:
    """Yield the names that may contain words: the kind, the name, whether this line has it.

    Names of this line come first.
    """
    facts, stage = consult.facts, consult.stage
    if stage == "helo":
        yield "name", str(facts.get("argument", "")), True
    elif stage == "auth":
        yield "user name", str(facts.get("user", "")), True
    elif stage in ("mail", "rcpt", "data", "body"):
        if stage == "rcpt":
            yield "address", str(facts.get("forward_path", "")), True
        elif stage != "mail":
            asking = (each for each in consult.recipients if may_ask(each))
            for path in islice(asking, _MOST_RECIPIENTS):
                yield "address", path, False
        yield "address", str(facts.get("reverse_path", "")), stage == "mail"


def _words(name: str) -> list[_Word]:
    """Return the words of an address or name; none, unless it consists of words only."""
    if len(name) > _LONGEST_READ or not may_ask(name):
        return []
    found: list[_Word] = []
    at = 0
    everywhere = name.rpartition("@")[2].lower() == _ONLY_UNDER
    while match := _NEXT.match(name, at):
        if match["deed"] and not everywhere:
            return []
        found.append(_word(match))
        at = match.end()
        if match["end"] is not None:
            # An address must end at its @, a host name at its first dot.
            return [] if match["end"] == "." and "@" in name else found
    return []


def _word(match: re.Match[str]) -> _Word:
    if match["stage"]:
        stage = _STAGES[match["stage"].lower()]
        return _Word(stage, Decision(_reply(stage, match)))
    if match["delay"]:
        seconds = int(match["delay"]) * _SECONDS[match["unit"].lower()]
        return _Word(None, Decision(delay=min(seconds, LONGEST_DELAY)))
    if match["size"]:
        return _Word("helo", Decision(size=int(match["size"])))
    if match["without"]:
        keyword = _BY_WORD[match["without"].lower()]
        return _Word("helo", Decision(without=frozenset({keyword})))
    deed = DEEDS[match["deed"].lower()]
    return _Word(_STAGES[match["at"].lower()], Decision(**deed))


def _reply(stage: Stage, match: re.Match[str]) -> Reply:
    word = f"{match['stage']}{match['code']}".lower()
    usual = usual_reply(stage, int(match["code"]))
    enhanced = match["enhanced"] or usual.enhanced
    return Reply(usual.code, enhanced, (f"{usual.texts[0]}, as {word} asks",))
