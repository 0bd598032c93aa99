"""The tries of one message as a story: "3 attempts: 451 → 451 → 250, waits 5 s, 62 s".

Also in words: how each try ended, and what came of the message in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from inbox import pages
from inbox.explain.quantities import counted, shortened, waited
from inbox.explain.reply_text import first_line
from inbox.explain.transaction_failures import by_mailsink

Joined = Literal["message-id", "body", "envelope"]

_SHOWN = 8  # tries that a sentence names; of more, those in the middle are counted
_LABELS = {"abandoned": gettext_noop("gave up"), "reset": "RSET", "accepted": "250"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a client tried to send the message. Text is as stored."""

    started_at: datetime
    ended_at: datetime | None
    session: UUID
    transaction: UUID | None  # None: MAIL was refused, so that none began
    message: UUID | None = None  # what it became, if that is not deleted
    seq: int | None = None  # of the line whose reply refused it
    outcome: str | None = None  # of the transaction; None: it is under way
    code: int | None = None
    stage: str = ""  # where it was refused: MAIL, RCPT, DATA, or "" for the body
    reply: str = ""  # that refused it, whole lines, joined by LF
    recipients: int = 0
    refused: int = 0  # recipients
    octets: int | None = None  # of a body that came
    likely: bool = False  # the same message by its client and envelope only
    ending: str = ""  # of the session
    rule: str = ""  # that gave the reply which failed it
    unheard: bool = False  # it was accepted, but the client did not get the reply

    @property
    def accepted(self) -> bool:
        """Whether it was accepted, for one recipient at least."""
        return self.outcome == "accepted"

    @property
    def broken_off(self) -> bool:
        """Whether the session ended before the message did: nobody had refused it."""
        return self.outcome == "abandoned" and not 0 < self.refused == self.recipients

    @property
    def url(self) -> str:
        """Where to look at it: the message, the line that refused it, or what arrived."""
        if self.message:
            return pages.path("message", self.message)
        if self.seq and not self.accepted:
            return pages.short(self.session, self.seq)
        return pages.path("transaction", self.transaction)


@dataclass(frozen=True, slots=True)
class AttemptHistory:
    """The tries of one message, first ones first; at is that which was asked about."""

    tries: Sequence[Attempt]
    at: int  # index of the try asked about
    total: int  # how many are stored; more than tries where there are very many
    joined: Joined | None  # how the certain ones were found; None: there is only one
    unlisted: int = 0  # how many were before the one asked about, and are not in tries

    @property
    def several(self) -> bool:
        return len(self.tries) > 1

    @property
    def likely(self) -> bool:
        """Whether some of it is only likely."""
        return any(each.likely for each in self.tries)

    @property
    def number(self) -> int:
        """Which try the one asked about is, from 1, among those that are known."""
        return self.at + 1 + self.unlisted

    @property
    def waits(self) -> list[float]:
        """Seconds from the end of each try to the start of the next."""
        return [
            max(0.0, (b.started_at - (a.ended_at or a.started_at)).total_seconds())
            for a, b in pairwise(self.tries)
        ]


def label(one: Attempt) -> str:
    """Return how a try ended, in one or two words: "451", "250", "cut off"."""
    if one.outcome is None:
        return _("under way")
    if one.broken_off and (one.octets is not None or by_mailsink(one.ending, "")):
        return _("cut off")
    if one.code:
        if not (one.accepted and one.refused):
            return str(one.code)
        return _("%(code)s (%(refused)s of %(recipients)s refused)") % {
            "code": one.code,
            "refused": one.refused,
            "recipients": one.recipients,
        }
    return _(_LABELS.get(one.outcome, one.outcome))


def tone(one: Attempt) -> str:
    """Return how good that was: ok, warning or error; "" while it is under way."""
    if one.outcome is None:
        return ""
    if one.accepted:
        return "warning" if one.refused or one.unheard else "ok"
    return "warning" if one.code and one.code < 500 else "error"


def words(one: Attempt) -> str:
    """Return how a try ended, in a sentence without its point."""
    if one.outcome is None:
        return _("under way")
    if one.accepted:
        if one.refused:
            return _("accepted, but %(refused)s of %(recipients)s refused") % {
                "refused": one.refused,
                "recipients": counted(one.recipients, "recipient"),
            }
        if one.unheard:
            return _("stored, but the connection was lost before the reply")
        return _("accepted")
    if one.outcome == "discarded":
        return _("accepted, and discarded by a rule")
    if one.code and one.code >= 400 and not one.broken_off:
        line = shortened(first_line(one.reply), 200)
        said = {"stage": one.stage, "line": line or one.code}
        if one.stage:
            return _("refused at %(stage)s with %(line)s") % said
        return _("refused with %(line)s, once the message had come") % said
    if one.outcome == "reset":
        return _("the client took it back (RSET)")
    return _broken_off(one)


def _broken_off(one: Attempt) -> str:
    ended = by_mailsink(one.ending, _("the client"))
    if one.octets is not None:
        cut = _("cut off after %(octets)s") % {"octets": counted(one.octets, "byte")}
        return f"{cut}: {ended}" if ended else cut
    if ended:
        return _("%(ended)s before the message came") % {"ended": ended}
    return _("the client left before the message came")


def chain(story: AttemptHistory) -> str:
    """Return how the tries ended, in their order: "451 → 451 → 250"."""
    labels = [label(each) for each in story.tries]
    return " → ".join(_middle_out(labels))


def summary(story: AttemptHistory) -> str:
    """Return the story in a line: "3 attempts: 451 → 451 → 250, waits 5 s, 62 s".

    "Maybe 3 attempts: …" where nothing but the envelope says that they belong together.
    """
    number = counted(story.total, "attempt")
    if story.joined == "envelope":
        number = _("Maybe %(attempts)s") % {"attempts": number}
    if story.total > len(story.tries):
        number = _("%(attempts)s, of which the newest %(tries)s") % {
            "attempts": number,
            "tries": len(story.tries),
        }
    waits = [waited(each) for each in story.waits]
    said = {
        "attempts": number,
        "chain": chain(story),
        "waits": ", ".join(_middle_out(waits)),
    }
    if not waits:
        return _("%(attempts)s: %(chain)s") % said
    whole = ngettext(
        "%(attempts)s: %(chain)s, wait %(waits)s",
        "%(attempts)s: %(chain)s, waits %(waits)s",
        len(waits),
    )
    return whole % said


def upshot(story: AttemptHistory) -> str:
    """Return what came of a try that failed: "accepted 62 s later"; else ""."""
    asked = story.tries[story.at]
    later = story.tries[story.at + 1 :]
    if (asked.accepted and not asked.refused) or asked.outcome is None or not later:
        return ""
    began = asked.ended_at or asked.started_at
    for each in later:
        if each.accepted:
            after = ((each.ended_at or each.started_at) - began).total_seconds()
            later_by = {"time": waited(max(0.0, after))}
            if asked.likely or each.likely:
                return _("maybe accepted %(time)s later") % later_by
            return _("accepted %(time)s later") % later_by
    return _("tried again %(times)s, not accepted so far") % {
        "times": counted(len(later), "time")
    }


def basis(story: AttemptHistory) -> str:
    """Return what the tries were joined by, in a sentence; "" for only one."""
    if story.joined is None:
        return ""
    if story.joined == "envelope":
        return _(_LIKELY)
    certain, some_likely = _JOINED[story.joined]
    return _(some_likely if story.likely else certain)


_LIKELY = gettext_noop(
    "Maybe the same message: the same client or user, and the same envelope, within "
    "24 hours."
)
# By what the tries were joined: all of them for certain, or some only likely.
_JOINED = {
    "message-id": (
        gettext_noop("These attempts have the same Message-ID."),
        gettext_noop(
            "These attempts have the same Message-ID. Those marked “maybe” have the same client "
            "or user, and the same envelope, within 24 hours."
        ),
    ),
    "body": (
        gettext_noop("These attempts have the same bytes."),
        gettext_noop(
            "These attempts have the same bytes. Those marked “maybe” have the same client or "
            "user, and the same envelope, within 24 hours."
        ),
    ),
}


def _middle_out(texts: list[str]) -> list[str]:
    if len(texts) <= _SHOWN:
        return texts
    half = _SHOWN // 2
    return [
        *texts[:half],
        _("… %(texts)s more …") % {"texts": len(texts) - 2 * half},
        *texts[-half:],
    ]
