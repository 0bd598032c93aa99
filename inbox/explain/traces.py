"""The place of the mail for an address, in a sentence, and a sentence for each evidence.

The words of a piece are next to its time; the main sentence contains the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.evidence import Evidence, EvidenceKind, Near, Outcomes, Sent
from inbox.explain.inputs import WholeSession
from inbox.explain.quantities import ago, counted, shortened
from inbox.explain.reply_text import first_line
from inbox.explain.transaction_failures import by_mailsink
from mailsink.bidi import isolated

LABELS: dict[EvidenceKind, str] = {
    "accepted": gettext_noop("accepted"),
    "hidden": gettext_noop("hidden by your filter"),
    "trash": gettext_noop("in the trash"),
    "removed": gettext_noop("removed"),
    "discarded": gettext_noop("discarded by a rule"),
    "refused": gettext_noop("recipient rejected"),
    "rejected": gettext_noop("message rejected"),
    "cut_off": gettext_noop("connection lost"),
    "taken_back": gettext_noop("cancelled by client"),
    "abandoned": gettext_noop("no message sent"),
    "open": gettext_noop("in progress"),
    "unnamed": gettext_noop("no recipient given"),
}

_CAUSES = {
    "deleted": gettext_noop(
        "because its time in the trash had expired (MAILSINK_TRASH_HOURS)"
    ),
    "inbox": gettext_noop("by the retention of its inbox"),
    "count": gettext_noop("to make room for newer mail (MAILSINK_RETENTION_MESSAGES)"),
    "age": gettext_noop("because it was too old (MAILSINK_RETENTION_DAYS)"),
    "session": gettext_noop("because its session was deleted"),
}


def label(evidence: Evidence) -> str:
    """Return the words of a chip: "refused at RCPT · 550"."""
    bad = evidence.kind in ("refused", "rejected") and evidence.code
    kind = _(LABELS[evidence.kind])
    return f"{kind} · {evidence.code}" if bad else kind


def words(evidence: Evidence, now: datetime) -> str:
    """Return what a piece of evidence shows, in a sentence."""
    return _SENTENCES[evidence.kind](evidence, now)


def sentence(
    address: str, found: Sequence[Evidence], hiding: Sequence[str], now: datetime
) -> str:
    """Return where the mail is according to the newest evidence, in one sentence.

    hiding: the terms of the reader's filter that the newest message does not match.
    """
    name = shortened(address)
    newest = next((each for each in found if each.kind != "unnamed"), None)
    if newest is None:
        return _("No mail to %(name)s has been seen.") % {"name": name}
    return _("Mail to %(name)s %(newest)s.") % {
        "name": name,
        "newest": _newest(newest, hiding, now),
    }


def several(part: str, number: int, most: int) -> str:
    """Return the number of known addresses that contain a text, up to most, in words."""
    words = (
        _("%(n)s known addresses contain “%(part)s”.")
        if number <= most
        else _("More than %(n)s known addresses contain “%(part)s”.")
    )
    return words % {"n": min(number, most), "part": shortened(part)}


def aside(
    found: Sequence[Evidence],
    more: bool,
    last: WholeSession | None,
    sent: Sent,
    near: Sequence[Near],
    now: datetime,
) -> str:
    """Return further facts, in sentences: earlier mail, or hints if there is no mail.

    more: whether there is more evidence than found.
    """
    certain = [each for each in found if each.kind != "unnamed"]
    failed = len(found) - len(certain)
    if not certain:
        said = [_instead(last, sent, near, now)]
        words = _("%(failed)s in the last 24 hours ended before giving a recipient.")
    else:
        said = [_others(certain[1:], more)] if certain[1:] else []
        words = _("%(failed)s since then ended before giving a recipient.")
    if failed:
        said.append(words % {"failed": counted(failed, "session")})
    return " ".join(said)


def _instead(
    last: WholeSession | None, sent: Sent, near: Sequence[Near], now: datetime
) -> str:
    """Return the mail that the address sent, or a similar address, or the last connection."""
    if last is None:
        return _("No client has connected yet.")
    if sent.last:
        return _("This address is a sender: %(sent)s, last %(when)s.") % {
            "sent": sent_by(sent),
            "when": ago(sent.last, now),
        }
    if near:
        return _("Did you mean %(address)s, last seen %(when)s?") % {
            "address": shortened(near[0].address),
            "when": ago(near[0].at, now),
        }
    return _("The last client connected %(when)s, from %(client_address)s.") % {
        "when": ago(last.opened_at, now),
        "client_address": last.client_address,
    }


def sent_by(sent: Sent) -> str:
    """Return the number of messages from an address.

    Such as "2 messages, 1 not accepted", or "0 messages".
    """
    messages = counted(sent.messages, "message")
    if sent.more:
        messages = _("more than %(messages)s") % {"messages": messages}
    if not sent.failed:
        return messages
    failed = _("%(failed)s not accepted") % {"failed": f"{sent.failed:,}"}
    return f"{messages}, {failed}" if sent.messages else failed


def numbers(outcomes: Outcomes) -> str:
    """Return the outcomes of the mail for an address: "3 accepted, 1 rejected (550)"."""
    codes = ", ".join(map(str, sorted(set(outcomes.codes))))
    counts = (
        (outcomes.accepted, _("%(n)s accepted")),
        (len(outcomes.codes), _("%(n)s rejected (%(codes)s)")),
        (outcomes.lost, _("%(n)s not completed")),
        (outcomes.open, _("%(n)s in progress")),
    )
    said = [words % {"n": f"{n:,}", "codes": codes} for n, words in counts if n]
    return ", ".join([*said, *[_("and older mail")] * outcomes.more])


def _others(others: Sequence[Evidence], more: bool) -> str:
    """Return the number of earlier attempts, by outcome."""
    if more:
        return _("Before that: more than %(others)s attempts.") % {
            "others": f"{len(others):,}"
        }
    kinds: dict[str, int] = {}
    for each in others:
        name = _(LABELS[each.kind])
        kinds[name] = kinds.get(name, 0) + 1
    listed = ", ".join(f"{number:,} {name}" for name, number in kinds.items())
    return _("Before that: %(listed)s.") % {"listed": listed}


# The newest piece of evidence, after "Mail to ann@example.com"


def _newest(one: Evidence, hiding: Sequence[str], now: datetime) -> str:
    when = ago(one.at, now)
    if one.kind == "refused":
        return _("was rejected %(when)s (RCPT): %(reply)s") % {
            "when": when,
            "reply": _refused(one, now),
        }
    if one.kind == "rejected":
        return _("was rejected %(when)s (the message): %(reply)s") % {
            "when": when,
            "reply": _refused(one, now),
        }
    if one.kind == "accepted":
        return _("was accepted %(when)s and is in the inbox: %(subject)s") % {
            "when": when,
            "subject": _subject(one),
        }
    if one.kind == "hidden":
        terms = ", ".join(map(shortened, hiding))
        hidden = {"when": when, "terms": terms, "subject": _subject(one)}
        if not terms:
            words = _("was accepted %(when)s, but your filter hides it: %(subject)s")
            return words % hidden
        return (
            _(
                "was accepted %(when)s, but your filter hides it "
                "(%(terms)s does not match): %(subject)s"
            )
            % hidden
        )
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
    if one.kind == "discarded":
        words = _("was accepted %(when)s, and discarded") % {"when": when}
        return _with_rule(words, one)
    if one.kind == "open":
        return _("is in progress: %(unfinished)s") % {
            "unfinished": _unfinished(one, now)
        }
    return _("was started %(when)s, but not completed: %(unfinished)s") % {
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
    removed = {
        "subject": _subject(one) if one.subject else _("it"),
        "when": ago(one.removed_at, now),
        "cause": _(_CAUSES[one.cause]),
    }
    if not one.deleted_at:
        return _("%(subject)s was removed %(when)s, %(cause)s") % removed
    words = _(
        "%(subject)s was deleted %(deleted_at)s, and was removed %(when)s, %(cause)s"
    )
    return words % {**removed, "deleted_at": ago(one.deleted_at, now)}


def _refused(one: Evidence, now: datetime) -> str:
    return _with_rule(_reply(one), one)


def _discarded(one: Evidence, now: datetime) -> str:
    return _with_rule(_("accepted, and not stored"), one)


def _unfinished(one: Evidence, now: datetime) -> str:
    who = shortened(one.peer)
    if one.kind == "open":
        return _("%(who)s gave this recipient, and has not sent the message yet") % {
            "who": who
        }
    if one.kind == "taken_back":
        return _("%(who)s started over (RSET) before it sent the message") % {
            "who": who
        }
    ended = by_mailsink(one.ending, who)
    if one.kind == "cut_off":
        return _("%(ended)s in the middle of the message, after %(size)s") % {
            "ended": ended or _("%(who)s disconnected") % {"who": who},
            "size": counted(one.octets or 0, "byte"),
        }
    if ended:
        return _("%(ended)s after RCPT, before the message was sent") % {"ended": ended}
    return _("%(who)s disconnected after RCPT, before it sent a message") % {"who": who}


def _unnamed(one: Evidence, now: datetime) -> str:
    return _("%(peer)s: %(said)s") % {
        "peer": shortened(one.peer),
        "said": one.said,
    }


_SENTENCES = {
    "accepted": _accepted,
    "hidden": _accepted,
    "trash": _trash,
    "removed": _removed,
    "discarded": _discarded,
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
    """Return the reply's first line without its link; only its code if no more is known."""
    line = first_line(one.reply)
    return shortened(line, 300) or str(one.code or _("no reply"))


def _with_rule(words: str, one: Evidence) -> str:
    """Return words with the rule that decided so, if one did."""
    if not one.rule:
        return words
    rule = shortened(one.rule)
    return _("%(words)s (rule “%(rule)s”)") % {"words": words, "rule": rule}
