"""Where mail for an address is, in words: one sentence, and one for each piece of evidence.

The words of a piece stand beside its time; the sentence tells the time itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.evidence import Evidence, EvidenceKind, Near
from inbox.explain.inputs import WholeSession
from inbox.explain.quantities import ago, counted, shortened
from mailsink.bidi import isolated

LABELS: dict[EvidenceKind, str] = {
    "accepted": gettext_noop("accepted"),
    "hidden": gettext_noop("hidden by your filter"),
    "trash": gettext_noop("in the trash"),
    "removed": gettext_noop("removed"),
    "refused": gettext_noop("refused at RCPT"),
    "rejected": gettext_noop("not accepted"),
    "cut_off": gettext_noop("cut off"),
    "taken_back": gettext_noop("taken back"),
    "abandoned": gettext_noop("never sent"),
    "open": gettext_noop("under way"),
    "unnamed": gettext_noop("named nobody"),
}

_LINK = re.compile(r" \(why: \S+\)$")

_CAUSES = {
    "deleted": gettext_noop(
        "since its time in the trash was over (MAILSINK_TRASH_HOURS)"
    ),
    "count": gettext_noop("to make room for newer mail (MAILSINK_RETENTION_MESSAGES)"),
    "age": gettext_noop("since it had become too old (MAILSINK_RETENTION_DAYS)"),
    "session": gettext_noop("since its session was deleted"),
}


def label(evidence: Evidence) -> str:
    """Return the words of a chip: "refused at RCPT · 550"."""
    bad = evidence.kind in ("refused", "rejected") and evidence.code
    return _(LABELS[evidence.kind]) + (f" · {evidence.code}" if bad else "")


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
        return _("There is no trace of %(name)s: no session has named it.") % {
            "name": name
        }
    return _("Mail to %(name)s %(newest)s.") % {
        "name": name,
        "newest": _newest(newest, hiding, now),
    }


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
        since = _("Since then") if certain else _("But")
        sessions = _("%(since)s %(failed)s failed before naming anybody") % {
            "since": since,
            "failed": counted(failed, "session"),
        }
        maybe = _("it") if failed == 1 else _("one of them")
        said.append(
            _("%(sessions)s: %(maybe)s may have been for it.")
            % {"sessions": sessions, "maybe": maybe}
        )
    return " ".join(said)


def instead(last: WholeSession | None, near: Sequence[Near], now: datetime) -> str:
    """Return what may help where there is no trace: the last connection, a like address."""
    if last is None:
        return _("Nothing has connected yet.")
    when = ago(last.opened_at, now)
    said = [
        _("The last connection of any client was %(when)s, from %(client_address)s.")
        % {"when": when, "client_address": last.client_address}
    ]
    if near:
        like = near[0]
        named = ago(like.at, now)
        said.append(
            _("Did you mean %(address)s, named %(named)s?")
            % {"address": shortened(like.address), "named": named}
        )
    return " ".join(said)


def _others(others: Sequence[Evidence], more: bool) -> str:
    """Return how many tries there were before, by what came of them."""
    if more:
        return _("More than %(others)s tries before it are stored.") % {
            "others": f"{len(others):,}"
        }
    kinds: dict[str, int] = {}
    for each in others:
        name = _(LABELS[each.kind])
        kinds[name] = kinds.get(name, 0) + 1
    listed = ", ".join(f"{number:,} {name}" for name, number in kinds.items())
    return _("Before that: %(listed)s.") % {"listed": listed}


# The newest piece of evidence, behind "Mail to ann@example.com"


def _newest(one: Evidence, hiding: Sequence[str], now: datetime) -> str:
    when = ago(one.at, now)
    if one.kind == "refused":
        return _("was refused at RCPT %(when)s with %(reply)s%(because)s") % {
            "when": when,
            "reply": _reply(one),
            "because": _because(one),
        }
    if one.kind == "rejected":
        return _(
            "was not accepted %(when)s: the answer to the message was "
            "%(reply)s%(because)s"
        ) % {"when": when, "reply": _reply(one), "because": _because(one)}
    if one.kind == "accepted":
        return _("was accepted %(when)s and is in the inbox: %(subject)s") % {
            "when": when,
            "subject": _subject(one),
        }
    if one.kind == "hidden":
        terms = (
            _(" (%(hiding)s does not match)")
            % {"hiding": ", ".join(map(shortened, hiding))}
            if hiding
            else ""
        )
        return _(
            "was accepted %(when)s, but your filter hides it%(terms)s: %(subject)s"
        ) % {"when": when, "terms": terms, "subject": _subject(one)}
    if one.kind == "trash":
        assert one.deleted_at
        deleted = ago(one.deleted_at, now)
        return _(
            "was accepted %(when)s, then deleted %(deleted)s; it is in the trash: "
            "%(subject)s"
        ) % {"when": when, "deleted": deleted, "subject": _subject(one)}
    if one.kind == "removed":
        return _("was accepted %(when)s, but is no longer here: %(removed)s") % {
            "when": when,
            "removed": _removed(one, now),
        }
    if one.kind == "open":
        return _("is under way: %(unfinished)s") % {"unfinished": _unfinished(one, now)}
    return _("was begun %(when)s, but never accepted: %(unfinished)s") % {
        "when": when,
        "unfinished": _unfinished(one, now),
    }


# Pieces of evidence


def _accepted(one: Evidence, now: datetime) -> str:
    return _subject(one)


def _trash(one: Evidence, now: datetime) -> str:
    assert one.deleted_at
    return _("%(subject)s, deleted %(deleted_at)s; it can be restored") % {
        "subject": _subject(one),
        "deleted_at": ago(one.deleted_at, now),
    }


def _removed(one: Evidence, now: datetime) -> str:
    if one.removed_at is None or one.cause is None:
        return _("the message was removed")
    subject = f"{_subject(one)} " if one.subject else _("it ")
    deleted = (
        _("was deleted %(deleted_at)s, and ") % {"deleted_at": ago(one.deleted_at, now)}
        if one.deleted_at
        else ""
    )
    when = ago(one.removed_at, now)
    return _("%(subject)s%(deleted)swas removed %(when)s, %(cause)s") % {
        "subject": subject,
        "deleted": deleted,
        "when": when,
        "cause": _(_CAUSES[one.cause]),
    }


def _refused(one: Evidence, now: datetime) -> str:
    return f"{_reply(one)}{_because(one)}"


def _unfinished(one: Evidence, now: datetime) -> str:
    who = shortened(one.peer)
    if one.kind == "open":
        return _("%(who)s has named it, and is not done yet") % {"who": who}
    if one.kind == "taken_back":
        return _("%(who)s named it, then began again before it sent the message") % {
            "who": who
        }
    if one.kind == "cut_off":
        octets = counted(one.octets or 0, "byte")
        return _(
            "the session of %(who)s ended in the middle of the message, after %(octets)s"
        ) % {"who": who, "octets": octets}
    return _(
        "the session of %(who)s ended after it had named it, before the message came"
    ) % {"who": who}


def _unnamed(one: Evidence, now: datetime) -> str:
    return _("%(peer)s named no recipient: %(said)s") % {
        "peer": shortened(one.peer),
        "said": one.said,
    }


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
    return f"“{isolated(shortened(one.subject))}”" if one.subject else _("(no subject)")


def _reply(one: Evidence) -> str:
    """Return the reply's first line without its link; its code where no more is known."""
    line = _LINK.sub("", one.reply.partition("\n")[0])
    return shortened(line, 300) or str(one.code or _("no reply"))


def _because(one: Evidence) -> str:
    return _(" (rule “%(rule)s”)") % {"rule": shortened(one.rule)} if one.rule else ""
