"""The web ports that speak TLS."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from mailsink.certificates import Certificate
from mailsink.smtp.net.passes import Passes


@dataclass(frozen=True, slots=True)
class HttpsPorts:
    """Bound sockets, and the objects that their connections share.

    passes: of the loop; all connections inside TLS share their time
    """

    sockets: Sequence[socket.socket]
    certificate: Certificate
    passes: Passes
