"""The clients whose next session gets no STARTTLS, and how to offer it again.

The list is in the SMTP server of this process (mailsink.smtp.tls.starttls_denylist),
and `use` sets it; without one, STARTTLS is withheld from no client.
"""

from __future__ import annotations

import time

from django.utils.translation import gettext as _

from inbox.errors import NotFound
from mailsink.smtp.tls.starttls_denylist import Client, StarttlsDenylist

_denylist: StarttlsDenylist | None = None


def use(denylist: StarttlsDenylist | None) -> None:
    """Use this server's denylist from now on."""
    global _denylist  # one server to a process
    _denylist = denylist


def withheld() -> list[Client]:
    """Return the clients whose next session has no STARTTLS, the longest known first."""
    return [] if _denylist is None else _denylist.clients(time.time())


def is_withheld(client_address: str, helo: str) -> bool:
    """Whether the next session of a client has no STARTTLS."""
    return Client(client_address, helo) in withheld()


def offer_again(client_address: str, helo: str) -> None:
    """Offer STARTTLS to a client again. Raises NotFound if it is offered already."""
    if _denylist is None or not _denylist.remove(Client(client_address, helo)):
        raise NotFound(_("STARTTLS is not held back from this client."))
