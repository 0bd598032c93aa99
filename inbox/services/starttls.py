"""Whose next session is offered no STARTTLS, and how that is forgotten.

What is known lives in the SMTP server of this process (mailsink.smtp.tls.distrust), which
`use` hands over; without one nothing is ever held back.
"""

from __future__ import annotations

import time

from django.utils.translation import gettext as _

from inbox.services.paging import NotFound
from mailsink.smtp.tls.distrust import Client, Distrust

_distrust: Distrust | None = None


def use(distrust: Distrust | None) -> None:
    """Take this server's knowledge from now on."""
    global _distrust  # one server to a process
    _distrust = distrust


def withheld() -> list[Client]:
    """Return whose next session does without STARTTLS, the longest known first."""
    return [] if _distrust is None else _distrust.clients(time.time())


def is_withheld(client_address: str, helo: str) -> bool:
    """Whether the next session of a client does without STARTTLS."""
    return Client(client_address, helo) in withheld()


def offer_again(client_address: str, helo: str) -> None:
    """Have a client be offered STARTTLS again. Raises NotFound where it is already."""
    if _distrust is None or not _distrust.forget(Client(client_address, helo)):
        raise NotFound(_("STARTTLS is not held back from this client."))
