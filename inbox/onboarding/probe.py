"""One-time words: a checklist shows one, and notices its arrival in a client's EHLO."""

from __future__ import annotations

import re
import secrets

from inbox.mailbox.scope import Scope
from inbox.mailbox.sessions import of_wire
from inbox.models import Session

DOMAIN = "mailsink.test"

_WORD = re.compile(r"probe-[a-z0-9]{4,12}")
_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
_RECENT = 500  # sessions that are searched


def word(given: str = "") -> str:
    """Return the given word if it is one of ours, else a new one: "probe-7f3k9x"."""
    if _WORD.fullmatch(given):
        return given
    return "probe-" + "".join(secrets.choice(_ALPHABET) for _ in range(6))


def arrival(scope: Scope, word: str) -> Session | None:
    """Return the recent session with this word in its EHLO, or None."""
    recent = of_wire(scope).order_by("-id").values("id")[:_RECENT]
    found = Session.objects.filter(id__in=recent, helo__iexact=f"{word}.{DOMAIN}")
    return found.order_by("id").first()
