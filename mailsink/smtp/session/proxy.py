"""Reads the PROXY header that a trusted load balancer must send first."""

from __future__ import annotations

from mailsink.smtp.protocol.proxy_header import (
    LONGEST,
    BadHeaderError,
    Header,
    parse,
)
from mailsink.smtp.session.effects import SessionEnded, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.session_time import wait_until

_PATIENCE_US = 5_000_000  # for the whole header; §2 wants at least 3 seconds
_LATE = "it was not there within 5 seconds"


def take_header(session: Session) -> Steps[None]:
    """Read the header, and use the client that it announces; raises SessionEnded.

    A peer without a header gets no reply: it may be no mail client at all (§2).
    """
    until = session.now_us() + _PATIENCE_US
    try:
        while (header := parse(session.input.peek(LONGEST))) is None:
            if session.draining:
                raise SessionEnded("shutdown")
            yield wait_until(session, until)
    except BadHeaderError as error:
        raise _refused(session, str(error), SessionEnded("refused")) from None
    except SessionEnded as ended:
        ended.reply = None
        if ended.ending == "timeout":
            raise _refused(session, _LATE, ended) from None
        if len(session.input):
            raise _refused(session, "it was cut off", ended) from None
        raise
    received_us = session.input.use(header.octets)
    session.begin_exchange(
        "notice", "", _words(session, header), header.octets, received_us
    )
    if header.client is not None:
        session.set_client(*header.client)
        session.origin = session.peer.client_address


def _refused(session: Session, why: str, ended: SessionEnded) -> SessionEnded:
    octets = len(session.input)
    sentence = f"A PROXY header has to come first from this address, but {why}."
    flags = ("bad_proxy_header",)
    session.begin_exchange(
        "notice", "", sentence, octets, session.input.use(octets), flags
    )
    return ended


def _words(session: Session, header: Header) -> str:
    peer = session.peer
    proxy = f"The load balancer at {_shown(peer.client_address, peer.client_port)}"
    if header.client is None or header.server is None:
        return f"{proxy} speaks for itself (PROXY version {header.version})."
    return (
        f"{proxy} announced the client {_shown(*header.client)}, which had connected "
        f"to {_shown(*header.server)} (PROXY version {header.version})."
    )


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
