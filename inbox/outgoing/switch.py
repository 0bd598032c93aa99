"""Whether mail may go out at all: decided at the start, with MAILSINK_OUTGOING."""

from __future__ import annotations

from django.utils.translation import gettext as _

from inbox.errors import Conflict

_is_on = True


def use(is_on: bool) -> None:
    """Set the decision of the start."""
    global _is_on
    _is_on = is_on


def is_on() -> bool:
    """Whether mail may go out."""
    return _is_on


def check() -> None:
    """Raise Conflict, with the way out, if no mail may go out."""
    if not _is_on:
        raise Conflict(
            _(
                "Outgoing mail is off: other machines can reach these pages, and there "
                "are no accounts. MAILSINK_OUTGOING=yes turns it on."
            )
        )
