"""The hosts that the shown mail of an inbox can load images from."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from inbox.errors import Invalid
from inbox.models import Inbox, RemoteHost
from inbox.storage.write_lock import write_turn

MOST = 200  # of an inbox
# A host name or IPv4 address, and a port: nothing that a content security policy would
# read as more.
_HOST = re.compile(
    r"(?=.{1,253}(?::|\Z))[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
    r"(?:\.[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)*(?::[0-9]{1,5})?"
)


def is_host(text: str) -> bool:
    """Whether a text is a lower-case host that a policy can name."""
    return bool(_HOST.fullmatch(text))


def allowed(inbox_id: int | None) -> list[str]:
    """Return the hosts that images can come from, by name."""
    if inbox_id is None:
        return []
    rows = RemoteHost.objects.filter(inbox_id=inbox_id).order_by("host")
    return list(rows.values_list("host", flat=True)[:MOST])


def allow(inbox: Inbox, host: str) -> None:
    """Allow the mail of an inbox to load images from a host. Raises Invalid."""
    host = host.strip().lower()
    if not is_host(host):
        raise Invalid(
            _('"%(host)s" is not a host name: write it as in cdn.example.com')
            % {"host": host[:80]}
        )
    with write_turn():
        if RemoteHost.objects.filter(inbox=inbox).count() >= MOST:
            raise Invalid(_("an inbox knows at most %(most)s hosts") % {"most": MOST})
        RemoteHost.objects.get_or_create(inbox=inbox, host=host)


def forbid(inbox: Inbox, host: str) -> bool:
    """Remove a host again; return whether it was there."""
    if not is_host(host):  # PostgreSQL rejects NUL
        return False
    with write_turn():
        gone, _by_model = RemoteHost.objects.filter(inbox=inbox, host=host).delete()
    return bool(gone)
