"""Where the Mailsink is that the variables of this process would start.

The health check of a container asks there. mailsink.conf is not asked: it makes a data folder.
"""

from __future__ import annotations

import os

from mailsink import aliases, values
from mailsink.values import ListenAddress

_USUAL = "http://127.0.0.1:8025"
# Who listens everywhere is reached here.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  named, not bound


def url(http: str = "") -> str:
    """Return the URL of the web side, without a slash at its end.

    http: in place of MAILSINK_HTTP and its aliases; what nobody can listen on counts as unset
    """
    found, _ = aliases.translated(os.environ, "MAILSINK_")
    text = http or found.get("MAILSINK_HTTP", "").strip()
    try:
        addresses = values.ADDRESSES.parse(text) if text else ()
    except ValueError:
        addresses = ()
    if not addresses or not addresses[0].port:
        return _USUAL
    host = _HERE.get(addresses[0].host, addresses[0].host)
    return f"http://{ListenAddress(host, addresses[0].port)}"
