"""Why a transaction was not accepted, in a few words: "Recipient rejected (550)"."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _


def failure(
    outcome: str | None, code: int | None, rcpt_codes: Sequence[int], body_came: bool
) -> str:
    """Return why a transaction came to nothing; "" where it was accepted, or is open.

    code: of the reply that ended it. rcpt_codes: of the replies to RCPT. body_came:
    whether octets of a body arrived.
    """
    if outcome is None or outcome == "accepted":
        return ""
    if code and code >= 400:
        return _refused(code, rcpt_codes)
    if outcome == "reset":
        return _("Reset by the client")
    return _("Disconnected mid-message") if body_came else _("Disconnected")


def _refused(code: int, rcpt_codes: Sequence[int]) -> str:
    if not rcpt_codes:
        return _("Refused (%(code)s)") % {"code": code}
    if any(each < 400 for each in rcpt_codes):
        return _("Message rejected (%(code)s)") % {"code": code}
    if len(rcpt_codes) == 1:
        return _("Recipient rejected (%(code)s)") % {"code": code}
    return _("All recipients rejected (%(code)s)") % {"code": code}
