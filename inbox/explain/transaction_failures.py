"""Why a transaction was not accepted, in a few words: "Recipient rejected: inbox full (552)"."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.outcomes import CLOSED, MIDWAY


def failure(
    outcome: str | None,
    code: int | None,
    rcpt_codes: Sequence[int],
    body_came: bool,
    ending: str | None = None,
    why: str = "",
) -> str:
    """Return why a transaction failed; "" if it was accepted, or is open.

    code: of the reply that ended it. rcpt_codes: of the replies to RCPT. body_came:
    whether octets of a body arrived. ending: of the session. why: the reason of that
    reply, in a few words, if known.
    """
    if outcome is None or outcome == "accepted":
        return ""
    if outcome == "discarded":
        return _("Discarded by a rule")
    # A 421 that ends the session refuses neither the recipients nor the message.
    broken_off = outcome == "abandoned" and any(each < 400 for each in rcpt_codes)
    if code and code >= 400 and not broken_off:
        return _refused(code, rcpt_codes, why)
    if outcome == "reset":
        return _("Reset by the client")
    if body_came:
        return _(_WITH_BODY.get(ending or "", MIDWAY["dropped"]))
    return _(_WITHOUT_BODY.get(ending or "", _DISCONNECTED))


def _refused(code: int, rcpt_codes: Sequence[int], why: str) -> str:
    values = {"code": code, "why": why}
    what = _refused_object(rcpt_codes)
    mixed = what == "recipients" and len(set(rcpt_codes)) > 1
    if why and not mixed:
        return _(_REFUSED_SINCE[what]) % values
    return _(_REFUSED[what]) % values


def _refused_object(rcpt_codes: Sequence[int]) -> str:
    if not rcpt_codes:
        return "transaction"
    if any(each < 400 for each in rcpt_codes):
        return "message"
    return "recipient" if len(rcpt_codes) == 1 else "recipients"


def by_mailsink(ending: str, client: str) -> str:
    """Return how Mailsink ended a session, in a clause; "" if the client ended it."""
    return _(_BY_MAILSINK.get(ending, "")) % {"client": client}


_REFUSED = {
    "transaction": gettext_noop("Refused (%(code)s)"),
    "message": gettext_noop("Message rejected (%(code)s)"),
    "recipient": gettext_noop("Recipient rejected (%(code)s)"),
    "recipients": gettext_noop("All recipients rejected (%(code)s)"),
}
_REFUSED_SINCE = {
    "transaction": gettext_noop("Refused: %(why)s (%(code)s)"),
    "message": gettext_noop("Message rejected: %(why)s (%(code)s)"),
    "recipient": gettext_noop("Recipient rejected: %(why)s (%(code)s)"),
    "recipients": gettext_noop("All recipients rejected: %(why)s (%(code)s)"),
}
_DISCONNECTED = gettext_noop("Disconnected")
# By the ending of the session
_WITH_BODY = MIDWAY | {"refused": gettext_noop("Closed by Mailsink mid-message")}
_WITHOUT_BODY = {
    "timeout": gettext_noop("Timed out"),
    "refused": gettext_noop("Closed by Mailsink"),
    **{ending: CLOSED[ending] for ending in ("shutdown", "error", "crashed")},
}
_BY_MAILSINK = {
    "timeout": gettext_noop("the connection to %(client)s timed out"),
    "refused": gettext_noop("Mailsink closed the connection to %(client)s"),
    "shutdown": gettext_noop("Mailsink was stopped"),
    "error": gettext_noop("Mailsink failed (internal error)"),
    "crashed": gettext_noop("Mailsink crashed or was killed"),
}
