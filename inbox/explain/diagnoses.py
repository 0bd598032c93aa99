"""The diagnosis of a failed session: the failure, its reason, and the fix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain import outcomes
from inbox.explain.flags import FLAG_WORDS
from inbox.explain.inputs import Exchangelike, Sessionlike
from inbox.explain.outcomes import Facts
from inbox.explain.refusals import advice


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The banner of a session, in translated sentences."""

    what: str  # the cause, in the words of the list
    tone: str  # error or warning
    why: str
    then: str  # how the session ended after a refusal
    fixes: Sequence[str]  # any of them is enough
    topic: str  # of client_terms and framework_terms, for the fix as a setting; or ""
    seq: int  # of the most relevant line; 0: none


@dataclass(frozen=True, slots=True)
class _Reason:
    why: str
    fixes: tuple[str, ...]
    topic: str = ""
    then: str = ""


def diagnose(session: Sessionlike, facts: Facts) -> Diagnosis | None:
    """Return the diagnosis of a session; None if it did not fail."""
    tone = outcomes.tone(session, facts)
    if not tone or session.direction == "out":  # with no client to fix
        return None
    found = _reason(session, facts)
    return Diagnosis(
        what=outcomes.cause(session, facts),
        tone=tone,
        why=found.why,
        then=found.then,
        fixes=found.fixes,
        topic=found.topic,
        seq=outcomes.decisive_line(facts),
    )


def diagnose_refusal(what: str, refusal: Exchangelike | None) -> Diagnosis | None:
    """Return the diagnosis of one of several transactions; None if it is unknown.

    what: the failure in a few words; refusal: the refused line, or None
    """
    said = advice(refusal) if refusal else None
    if refusal is None or said is None:
        return None
    return Diagnosis(what, "error", said.why, "", (said.fix,), said.topic, refusal.seq)


def _reason(session: Sessionlike, facts: Facts) -> _Reason:
    if flag := outcomes.known_flag(facts):
        words = FLAG_WORDS[flag]
        fixes = tuple(_(each) for each in (words.fix, *words.others))
        return _Reason(_(words.sentence), fixes, words.topic)
    if facts.body_octets is not None and session.ending in outcomes.MIDWAY:
        return _of_body(session, facts)
    if facts.refusal is not None and (said := advice(facts.refusal)):
        then = outcomes.ending(session, facts)
        return _Reason(said.why, (said.fix,), said.topic, then)
    why, fix = _OF_ENDINGS.get(session.ending or "", _UNKNOWN)
    return _Reason(_(why), (_(fix),))


def _of_body(session: Sessionlike, facts: Facts) -> _Reason:
    """Return why a body did not end, whichever side ended the session."""
    if "wrong_end_of_data" in facts.flags:
        words = FLAG_WORDS["wrong_end_of_data"]
        return _Reason(_(words.sentence), (_(words.fix),), "line_ends")
    why, fix = (_OF_ENDINGS | _OF_BODIES)[session.ending or ""]
    return _Reason(_(why), (_(fix),))


_LOG = gettext_noop("See Mailsink's own log for the cause, and send the message again.")
_OF_ENDINGS: dict[str, tuple[str, str]] = {
    "dropped": (
        gettext_noop("The client closed the connection in the middle of the dialogue, though Mailsink had refused nothing."),
        gettext_noop("Look in the client's log at this time: the client may have met a timeout or an exception, or may not have expected the last reply."),
    ),
    "timeout": (
        gettext_noop("The client sent nothing more, so Mailsink closed the connection after the idle timeout."),
        gettext_noop("Look for what the client was waiting for, or send QUIT as soon as the mail is sent. MAILSINK_SMTP_IDLE_TIMEOUT sets the limit."),
    ),
    "shutdown": (
        gettext_noop("Mailsink was stopped while the client was connected."),
        gettext_noop("Send the message again once Mailsink runs."),
    ),
    "tls_failed": (
        gettext_noop("The client and Mailsink could not set up TLS."),
        gettext_noop("Look in the client's log for the TLS error."),
    ),
    "error": (gettext_noop("Mailsink met an error of its own."), _LOG),
    "crashed": (gettext_noop("Mailsink itself ended suddenly, so the client's last actions are not known."), _LOG),
}  # fmt: skip
# For sessions that ended in the middle of a message
_OF_BODIES: dict[str, tuple[str, str]] = {
    "dropped": (
        gettext_noop("The connection ended before the end of the message (a line with a single dot) arrived, so nothing was stored."),
        gettext_noop("Look in the client's log at this time for a timeout, a crash or a killed process, then send the message again."),
    ),
    "timeout": (
        gettext_noop("The end of the message did not arrive in time, so Mailsink closed the connection and stored nothing."),
        gettext_noop("Look for what the client was waiting for in the middle of the message. MAILSINK_SMTP_IDLE_TIMEOUT and MAILSINK_SMTP_SESSION_TIMEOUT set the limits."),
    ),
}  # fmt: skip
_UNKNOWN = (
    gettext_noop("A command was refused."),
    gettext_noop("Select the red line below: its reply says why."),
)
