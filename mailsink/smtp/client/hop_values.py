"""The values of a client session: the next hop, the mail, and the result for each recipient."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

TlsPolicy = Literal["off", "opportunistic", "required", "implicit"]
State = Literal["delivered", "deferred", "failed"]


@dataclass(frozen=True, slots=True)
class Login:
    """The user name and the password for the next hop."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """The settings of a session with a next hop."""

    hostname: str  # ours, for EHLO
    tls: TlsPolicy = "opportunistic"
    context: ssl.SSLContext | None = None  # checks the certificate; None: no TLS
    server_name: str = ""  # for SNI, and for the check of the certificate
    login: Login | None = None
    # Factor for the time limits of RFC 5321 §4.5.3.2, which are minutes; a fraction
    # shortens them all.
    patience: float = 1.0


@dataclass(frozen=True, slots=True)
class OutgoingRecipient:
    """A forward-path and its DSN parameters (RFC 3461)."""

    forward_path: str  # without <>
    notify: str = ""  # such as "SUCCESS,FAILURE"
    orcpt: str = ""  # such as "rfc822;xtext"


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A message for a next hop, with its envelope."""

    reverse_path: str  # without <>; "" is the null one
    recipients: tuple[OutgoingRecipient, ...]
    size: int  # octets
    pieces: Callable[[], Iterator[bytes]]  # the content from its first octet on
    needs: ContentNeeds
    ret: str = ""  # FULL or HDRS (RFC 3461 §4.3)
    envid: str = ""  # in xtext
    require_tls: bool = False  # RFC 8689


class ContentNeeds(NamedTuple):
    """The extensions that the content needs to be sent octet for octet."""

    eightbit: bool = False  # octets above 127
    utf8: bool = False  # in addresses or header (RFC 6531)
    # A bare CR, a bare LF or a NUL: DATA could change it, or make it look like the end.
    binary: bool = False


class RecipientResult(NamedTuple):
    """The result of a message for one recipient."""

    state: State
    code: int  # of the reply; 0 where none came
    enhanced: str  # the server's, or ours; may be ""
    text: str  # the whole reply, or our reason
    reports: bool = False  # the server sends the reports from here on (RFC 3461 §5.2.1)
