"""The verdicts on the attempts at a message, as sentences with figures."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.quantities import counted, waited
from inbox.explain.retry_verdicts import DAY, HOUR, Asked, RetryJudgement, VerdictKind

LABELS: dict[VerdictKind, str] = {
    "lost": gettext_noop("lost"),
    "gave_up": gettext_noop("gave up too early"),
    "duplicated": gettext_noop("duplicated"),
    "in_vain": gettext_noop("retried without effect"),
    "hammered": gettext_noop("hammered"),
    "pending": gettext_noop("not over yet"),
    "refused": gettext_noop("refused for good"),
    "delivered": gettext_noop("delivered"),
}
TONES: dict[VerdictKind, str] = {
    "lost": "error",
    "gave_up": "error",
    "duplicated": "error",
    "in_vain": "warning",
    "hammered": "warning",
    "pending": "",
    "refused": "",
    "delivered": "ok",
}


def sentence(kind: VerdictKind, judgement: RetryJudgement, same_id: bool) -> str:
    """Return a verdict in a sentence or two.

    same_id: whether the attempts have the same Message-ID.
    """
    if kind == "duplicated":
        return f"{_duplicated(judgement)} {_message_ids(same_id)}"
    return _SENTENCES[kind](judgement)


def asks(asked: Asked) -> str:
    """Return what a reply asks for, in a sentence without its full stop."""
    said = _said(asked)
    if asked.passes and asked.misleads:
        return _("%(who)s asks for %(patience)s, although the code begins with 5") % said  # fmt: skip
    if asked.passes:
        return _("%(who)s asks for %(patience)s") % said
    if asked.misleads:
        return _(
            "a retry is useless until something is changed, although the code begins with 4 (%(who)s: %(meaning)s)"
        ) % said  # fmt: skip
    if asked.who:
        return _("a retry is useless (%(who)s: %(meaning)s)") % said
    return _("a code that begins with 5 is final")


def _said(asked: Asked) -> dict[str, str]:
    return {
        "who": asked.who or _("a temporary failure"),
        "meaning": asked.meaning,
        "reply": asked.reply or _("the lost connection"),
        "patience": _patience(asked.patience),
        "wait": waited(asked.wait),
    }


def _patience(seconds: float) -> str:
    if seconds < HOUR:
        return _("minutes")
    return _("hours") if seconds < DAY else _("days")


def _with(judgement: RetryJudgement) -> dict[str, str]:
    """Return the values for the placeholders of the sentences."""
    final = judgement.final or Asked()
    return _said(final) | {
        "attempts": counted(max(len(judgement.attempts), judgement.total), "attempt"),
        "time": waited(judgement.span),
        "copies": counted(judgement.copies, "time"),
        "hasty": counted(judgement.hasty, "time"),
        "in_vain": counted(judgement.in_vain, "time"),
        "shortest": waited(min(judgement.waits, default=0.0)),
        "asks": asks(final),
        "recipients": counted(len(judgement.undelivered), "recipient"),
    }


def _delivered(judgement: RetryJudgement) -> str:
    if judgement.attempts[-1].unheard:
        return _(
            "Delivered, but the connection was lost before the 250, and your application did "
            "not try again: had the message not been stored, it would be lost."
        )  # fmt: skip
    if len(judgement.attempts) == 1:
        return _("Delivered at the first attempt.")
    return _("Delivered after %(attempts)s in %(time)s.") % _with(judgement)


def _duplicated(judgement: RetryJudgement) -> str:
    if any(each.unheard for each in judgement.attempts):
        return _(
            "Stored %(copies)s: the connection was lost before the 250, and your application sent the message again."
        ) % _with(judgement)  # fmt: skip
    return _(
        "Stored %(copies)s for the same recipient: your application sent the message again after its 250."
    ) % _with(judgement)  # fmt: skip


def _message_ids(same_id: bool) -> str:
    if same_id:
        return _("The copies have the same Message-ID, so a receiver can drop one.")  # fmt: skip
    return _("The copies have no Message-ID in common: no receiver can know that they are the same message.")  # fmt: skip


def _lost(judgement: RetryJudgement) -> str:
    if len(judgement.attempts) == 1:
        return _(
            "Lost: your application never tried again after %(reply)s; %(asks)s."
        ) % _with(judgement)  # fmt: skip
    return _(
        "Lost: your application gave up after %(attempts)s in %(time)s, as late as it should."
    ) % _with(judgement)  # fmt: skip


def _gave_up(judgement: RetryJudgement) -> str:
    return _(
        "Your application gave up after %(attempts)s in %(time)s; %(asks)s."
    ) % _with(judgement)  # fmt: skip


def _retried_in_vain(judgement: RetryJudgement) -> str:
    return _(
        "Your application tried again %(in_vain)s after %(reply)s, in %(time)s; %(asks)s."
    ) % _with(judgement)  # fmt: skip


def _hammered(judgement: RetryJudgement) -> str:
    hastiest = min(
        (
            (wait, one.asked)
            for one, wait in zip(judgement.attempts, judgement.waits, strict=False)
            if one.asked is not None and one.asked.passes and wait < one.asked.wait
        ),
        key=lambda each: each[0],
    )
    values = _with(judgement) | _said(hastiest[1]) | {"shortest": waited(hastiest[0])}
    return _(
        "Your application tried again too soon %(hasty)s, once after %(shortest)s: wait %(wait)s or more after %(reply)s."
    ) % values  # fmt: skip


def _refused(judgement: RetryJudgement) -> str:
    return _(
        "Refused for good with %(reply)s, and your application stopped, as it should: %(asks)s."
    ) % _with(judgement)  # fmt: skip


def _pending(judgement: RetryJudgement) -> str:
    if judgement.attempts[-1].ended is None:
        return _("Not over yet: an attempt is under way.")
    values = _with(judgement) | {"until": _clock(judgement.awaited_until)}
    if not judgement.waits:
        return _("Not over yet: %(attempts)s so far, the next one is awaited until %(until)s.") % values  # fmt: skip
    return _(
        "Not over yet: %(attempts)s in %(time)s so far; by this schedule the next one is awaited until %(until)s."
    ) % values  # fmt: skip


def _clock(moment: datetime | None) -> str:
    return f"{moment:%H:%M:%S} UTC" if moment else ""


_SENTENCES = {
    "lost": _lost,
    "gave_up": _gave_up,
    "in_vain": _retried_in_vain,
    "hammered": _hammered,
    "pending": _pending,
    "refused": _refused,
    "delivered": _delivered,
}
