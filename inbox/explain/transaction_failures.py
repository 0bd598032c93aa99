"""Why a transaction was not accepted, in a few words: "Recipient rejected (550)"."""

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
) -> str:
    """Return why a transaction came to nothing; "" where it was accepted, or is open.

    code: of the reply that ended it. rcpt_codes: of the replies to RCPT. body_came:
    whether octets of a body arrived. ending: of the session.
    """
    if outcome is None or outcome == "accepted":
        return ""
    # A 421 that ends the session refuses neither the recipients nor the message.
    broken_off = outcome == "abandoned" and any(each < 400 for each in rcpt_codes)
    if code and code >= 400 and not broken_off:
        return _refused(code, rcpt_codes)
    if outcome == "reset":
        return _("Reset by the client")
    if body_came:
        return _(_WITH_BODY.get(ending or "", MIDWAY["dropped"]))
    return _(_WITHOUT_BODY.get(ending or "", _DISCONNECTED))


def _refused(code: int, rcpt_codes: Sequence[int]) -> str:
    if not rcpt_codes:
        return _("Refused (%(code)s)") % {"code": code}
    if any(each < 400 for each in rcpt_codes):
        return _("Message rejected (%(code)s)") % {"code": code}
    if len(rcpt_codes) == 1:
        return _("Recipient rejected (%(code)s)") % {"code": code}
    return _("All recipients rejected (%(code)s)") % {"code": code}


def by_mailsink(ending: str, client: str) -> str:
    """Return how Mailsink ended a session, in a clause; "" where the client ended it.

    client: its name, for "the connection to app.test timed out".
    """
    return _(_BY_MAILSINK.get(ending, "")) % {"client": client}


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
