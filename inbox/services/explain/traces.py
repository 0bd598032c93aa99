"""Where mail for an address is, in words: one sentence, and one for each piece of evidence.

The words of a piece stand beside its time; the sentence tells the time itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from inbox.models import Session
from inbox.services.explain.evidence import Evidence, Kind, Near
from inbox.services.explain.quantities import ago, counted, shortened

LABELS: dict[Kind, str] = {
    "accepted": "accepted",
    "hidden": "hidden by your filter",
    "trash": "in the trash",
    "removed": "removed",
    "refused": "refused at RCPT",
    "rejected": "not accepted",
    "cut_off": "cut off",
    "taken_back": "taken back",
    "abandoned": "never sent",
    "open": "under way",
    "unnamed": "named nobody",
}

_LINK = re.compile(r" \(why: \S+\)$")

_CAUSES = {
    "deleted": "since its time in the trash was over (MAILSINK_TRASH_HOURS)",
    "count": "to make room for newer mail (MAILSINK_RETENTION_MESSAGES)",
    "age": "since it had become too old (MAILSINK_RETENTION_DAYS)",
    "session": "since its session was deleted",
}


def label(evidence: Evidence) -> str:
    """Return the words of a chip: "refused at RCPT · 550"."""
    bad = evidence.kind in ("refused", "rejected") and evidence.code
    return LABELS[evidence.kind] + (f" · {evidence.code}" if bad else "")


def words(evidence: Evidence, now: datetime) -> str:
    """Return what a piece of evidence tells, in a sentence."""
    return _TELL[evidence.kind](evidence, now)


def sentence(
    address: str, found: Sequence[Evidence], hiding: Sequence[str], now: datetime
) -> str:
    """Return where the mail is: what the newest evidence tells, in one sentence.

    hiding: the terms of the reader's filter that the newest message does not match.
    """
    name = shortened(address)
    newest = next((each for each in found if each.kind != "unnamed"), None)
    if newest is None:
        return f"There is no trace of {name}: no session has named it."
    return f"Mail to {name} {_newest(newest, hiding, now)}."


def beside(found: Sequence[Evidence], more: bool) -> str:
    """Return what else the evidence tells, in sentences; "" where that is nothing.

    more: whether there is more of it than found.
    """
    certain = [each for each in found if each.kind != "unnamed"]
    failed = len(found) - len(certain)
    said = []
    if certain[1:]:
        said.append(_others(certain[1:], more))
    if failed:
        since = "Since then" if certain else "But"
        sessions = f"{since} {counted(failed, 'session')} failed before naming anybody"
        maybe = "it" if failed == 1 else "one of them"
        said.append(f"{sessions}: {maybe} may have been for it.")
    return " ".join(said)


def instead(last: Session | None, near: Sequence[Near], now: datetime) -> str:
    """Return what may help where there is no trace: the last connection, a like address."""
    if last is None:
        return "Nothing has connected yet."
    when = ago(last.opened_at, now)
    said = [
        f"The last connection of any client was {when}, from {last.client_address}."
    ]
    if near:
        like = near[0]
        named = ago(like.at, now)
        said.append(f"Did you mean {shortened(like.address)}, named {named}?")
    return " ".join(said)


def _others(others: Sequence[Evidence], more: bool) -> str:
    """Return how many tries there were before, by what came of them."""
    if more:
        return f"More than {len(others):,} tries before it are stored."
    kinds: dict[str, int] = {}
    for each in others:
        kinds[LABELS[each.kind]] = kinds.get(LABELS[each.kind], 0) + 1
    told = ", ".join(f"{number:,} {name}" for name, number in kinds.items())
    return f"Before that: {told}."


# The newest piece of evidence, behind "Mail to ann@example.com"


def _newest(one: Evidence, hiding: Sequence[str], now: datetime) -> str:
    when = ago(one.at, now)
    if one.kind == "refused":
        return f"was refused at RCPT {when} with {_reply(one)}{_because(one)}"
    if one.kind == "rejected":
        return f"was not accepted {when}: the answer to the message was {_reply(one)}{_because(one)}"
    if one.kind == "accepted":
        return f"was accepted {when} and is in the inbox: {_subject(one)}"
    if one.kind == "hidden":
        terms = (
            f" ({', '.join(map(shortened, hiding))} does not match)" if hiding else ""
        )
        return f"was accepted {when}, but your filter hides it{terms}: {_subject(one)}"
    if one.kind == "trash":
        assert one.deleted_at
        deleted = ago(one.deleted_at, now)
        return f"was accepted {when}, then deleted {deleted}; it is in the trash: {_subject(one)}"
    if one.kind == "removed":
        return f"was accepted {when}, but is no longer here: {_removed(one, now)}"
    if one.kind == "open":
        return f"is under way: {_unfinished(one, now)}"
    return f"was begun {when}, but never accepted: {_unfinished(one, now)}"


# Pieces of evidence


def _accepted(one: Evidence, now: datetime) -> str:
    return _subject(one)


def _trash(one: Evidence, now: datetime) -> str:
    assert one.deleted_at
    return f"{_subject(one)}, deleted {ago(one.deleted_at, now)}; it can be restored"


def _removed(one: Evidence, now: datetime) -> str:
    if one.removed_at is None or one.cause is None:
        return "the message was removed"
    subject = f"{_subject(one)} " if one.subject else "it "
    deleted = f"was deleted {ago(one.deleted_at, now)}, and " if one.deleted_at else ""
    when = ago(one.removed_at, now)
    return f"{subject}{deleted}was removed {when}, {_CAUSES[one.cause]}"


def _refused(one: Evidence, now: datetime) -> str:
    return f"{_reply(one)}{_because(one)}"


def _unfinished(one: Evidence, now: datetime) -> str:
    who = shortened(one.peer)
    if one.kind == "open":
        return f"{who} has named it, and is not done yet"
    if one.kind == "taken_back":
        return f"{who} named it, then began anew before it sent the message"
    if one.kind == "cut_off":
        octets = counted(one.octets or 0, "octet")
        return (
            f"the session of {who} ended in the middle of the message, after {octets}"
        )
    return f"the session of {who} ended after it had named it, before the message came"


def _unnamed(one: Evidence, now: datetime) -> str:
    return f"{shortened(one.peer)} named no recipient: {one.said}"


_TELL = {
    "accepted": _accepted,
    "hidden": _accepted,
    "trash": _trash,
    "removed": _removed,
    "refused": _refused,
    "rejected": _refused,
    "cut_off": _unfinished,
    "taken_back": _unfinished,
    "abandoned": _unfinished,
    "open": _unfinished,
    "unnamed": _unnamed,
}


def _subject(one: Evidence) -> str:
    return f"“{shortened(one.subject)}”" if one.subject else "(no subject)"


def _reply(one: Evidence) -> str:
    """Return the reply's first line without its link; its code where no more is known."""
    line = _LINK.sub("", one.reply.partition("\n")[0])
    return shortened(line, 300) or str(one.code or "no reply")


def _because(one: Evidence) -> str:
    return f" (rule “{shortened(one.rule)}”)" if one.rule else ""
