"""The configuration of a listener. In every field, 0 means no limit."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Literal

from mailsink.smtp.listener_kinds import KindName, kind_of
from mailsink.smtp.tls.planned_failure import FailingContexts
from mailsink.smtp.tls.starttls_denylist import StarttlsDenylist

Network = IPv4Network | IPv6Network
Turn = Literal["off", "authenticated"] | tuple[Network, ...]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Profile:
    """How one listener behaves; sizes in octets, times in seconds."""

    hostname: str = "localhost"
    protocol: Literal["smtp", "lmtp"] = "smtp"
    submission: bool = False  # RFC 6409
    tls: ssl.SSLContext | None = None  # None: neither STARTTLS nor implicit TLS
    failing_tls: FailingContexts | None = None  # None: no rule can make TLS fail
    starttls_denylist: StarttlsDenylist | None = (
        None  # None: STARTTLS is offered to every client
    )
    implicit_tls: bool = False  # RFC 8314: TLS from the first octet on
    require_tls: bool = False
    require_auth: bool = False
    auth_requires_tls: bool = False
    max_message_size: int = 50 * MIB
    spool_threshold: int = MIB  # a larger body goes to a file, not memory
    spool_dir: Path = Path(tempfile.gettempdir())
    bare_newlines: Literal["flag", "reject"] = "flag"
    links: Literal["errors", "all", "off"] = "errors"
    public_url: str = ""  # "": replies carry no links
    idle_timeout: float = 300.0  # RFC 5321 §4.5.3.2.7
    session_timeout: float = 0.0
    handshake_timeout: float = 30.0  # of TLS
    max_line: int = 12288  # of a command (RFC 4954 §4.1), CRLF included
    max_text_line: int = 0  # of a message, CRLF included
    max_path: int = 0  # of MAIL or RCPT, brackets included
    max_recipients: int = 1000
    max_transactions: int = 0  # of a session
    max_errors: int = 0  # in a row
    max_commands: int = 100_000  # lines of a session, those of an AUTH dialogue too
    max_transcript: int = 32 * MIB  # of a session: its lines and replies, as recorded
    max_connections: int = 1000
    max_connections_per_client: int | None = None  # None: nine tenths of all
    hidden: frozenset[str] = frozenset()  # not offered: "PIPELINING", "CRAM-MD5"
    turn: Turn = "off"  # who may use TURN; networks: by address, without AUTH
    xclient_from: tuple[Network, ...] = ()  # whose XCLIENT is trusted
    proxy_from: tuple[Network, ...] = ()  # who must begin with a PROXY header
    lenient: bool = True  # take, and flag, slightly malformed names and addresses

    @property
    def hello(self) -> Literal["EHLO", "LHLO"]:
        """The command that a client sends first (RFC 2033 §4.1)."""
        return "LHLO" if self.protocol == "lmtp" else "EHLO"

    @property
    def listener_kind(self) -> KindName:
        """The kind of this listener."""
        return kind_of(self)


def within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether a client's address is in one of the networks; False for a non-address."""
    if not networks:
        return False
    try:
        client = ip_address(address)
    except ValueError:  # the client left before its address could be read
        return False
    return any(client in network for network in networks)
