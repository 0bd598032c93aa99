"""The attempt history of one message: "3 attempts: 451 → 451 → 250, waits 5 s, 62 s".

Also in words: the outcome of each attempt, and the final outcome of the message.
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

# attempts that a sentence names; of more, those in the middle are only counted
_SHOWN = 8
_LABELS = {"abandoned": gettext_noop("gave up"), "reset": "RSET", "accepted": "250"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a client to send the message. Text is as stored."""

    started_at: datetime
    ended_at: datetime | None
    session: UUID
    transaction: UUID | None  # None: MAIL was refused, so there was none
    message: UUID | None = None  # the stored message, if it is not deleted
    seq: int | None = None  # of the line whose reply refused it
    outcome: str | None = None  # of the transaction; None: it is open
    code: int | None = None
    stage: str = ""  # the refused command: MAIL, RCPT, DATA, or "" for the body
    reply: str = ""  # the refusal, whole lines, joined by LF
    recipients: int = 0
    refused: int = 0  # recipients
    octets: int | None = None  # of the body that arrived
    likely: bool = False  # the same message by its client and envelope only
    ending: str = ""  # of the session
    rule: str = ""  # the rule behind the refusal
    unheard: bool = False  # it was accepted, but the client did not get the reply

    @property
    def accepted(self) -> bool:
        """Whether it was accepted, for at least one recipient."""
        return self.outcome == "accepted"

    @property
    def broken_off(self) -> bool:
        """Whether the session ended before the message did, without a refusal."""
        return self.outcome == "abandoned" and not 0 < self.refused == self.recipients

    @property
    def url(self) -> str:
        """The URL that shows it: the message, the refused line, or what arrived."""
        if self.message:
            return pages.path("message", self.message)
        if self.seq and not self.accepted:
            return pages.short(self.session, self.seq)
        return pages.path("transaction", self.transaction)


@dataclass(frozen=True, slots=True)
class AttemptHistory:
    """The attempts at one message, in order; at: the one of the request."""

    attempts: Sequence[Attempt]
    at: int  # index of the requested attempt
    total: int  # number of stored attempts; more than listed if there are very many
    joined: Joined | None  # how the certain ones were found; None: there is only one
    unlisted: int = 0  # number of unlisted attempts before the requested one

    @property
    def several(self) -> bool:
        return len(self.attempts) > 1

    @property
    def likely(self) -> bool:
        """Whether some attempts are only likely."""
        return any(each.likely for each in self.attempts)

    @property
    def number(self) -> int:
        """The number of the requested attempt among the known ones, from 1."""
        return self.at + 1 + self.unlisted

    @property
    def waits(self) -> list[float]:
        """Seconds from the end of each attempt to the start of the next."""
        return [
            max(0.0, (b.started_at - (a.ended_at or a.started_at)).total_seconds())
            for a, b in pairwise(self.attempts)
        ]


def label(one: Attempt) -> str:
    """Return the outcome of an attempt, in one or two words: "451", "250", "cut off"."""
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
    """Return the tone of an attempt: ok, warning or error; "" while it is open."""
    if one.outcome is None:
        return ""
    if one.accepted:
        return "warning" if one.refused or one.unheard else "ok"
    return "warning" if one.code and one.code < 500 else "error"


def words(one: Attempt) -> str:
    """Return the outcome of an attempt, in a sentence without its full stop."""
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
        return _("refused with %(line)s, after the message had arrived") % said
    if one.outcome == "reset":
        return _("the client took it back (RSET)")
    return _broken_off(one)


def _broken_off(one: Attempt) -> str:
    ended = by_mailsink(one.ending, _("the client"))
    if one.octets is not None:
        cut = _("cut off after %(octets)s") % {"octets": counted(one.octets, "byte")}
        return f"{cut}: {ended}" if ended else cut
    if ended:
        return _("%(ended)s before the message arrived") % {"ended": ended}
    return _("the client left before the message arrived")


def chain(history: AttemptHistory) -> str:
    """Return the outcomes of the attempts, in order: "451 → 451 → 250"."""
    labels = [label(each) for each in history.attempts]
    return " → ".join(_middle_out(labels))


def summary(history: AttemptHistory) -> str:
    """Return the history in a line: "3 attempts: 451 → 451 → 250, waits 5 s, 62 s".

    "Maybe 3 attempts: …" means that only the envelope joins them.
    """
    number = counted(history.total, "attempt")
    if history.joined == "envelope":
        number = _("Maybe %(attempts)s") % {"attempts": number}
    if history.total > len(history.attempts):
        number = _("%(attempts)s, of which the newest %(newest)s") % {
            "attempts": number,
            "newest": len(history.attempts),
        }
    waits = [waited(each) for each in history.waits]
    said = {
        "attempts": number,
        "chain": chain(history),
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


def upshot(history: AttemptHistory) -> str:
    """Return the final outcome after a failed attempt: "accepted 62 s later"; else ""."""
    asked = history.attempts[history.at]
    later = history.attempts[history.at + 1 :]
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


def basis(history: AttemptHistory) -> str:
    """Return what joins the attempts, in a sentence; "" for only one."""
    if history.joined is None:
        return ""
    if history.joined == "envelope":
        return _(_LIKELY)
    certain, some_likely = _JOINED[history.joined]
    return _(some_likely if history.likely else certain)


_LIKELY = gettext_noop(
    "Maybe the same message: the same client or user, and the same envelope, within "
    "24 hours."
)
# By what joins the attempts: all of them certain, or some only likely.
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
