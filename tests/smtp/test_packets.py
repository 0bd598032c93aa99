"""However octets are cut into packets, the session is the same; whatever they are, it lives."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import (
    RecipientAnswered,
    SessionClosed,
    TransactionEnded,
)
from tests.smtp.harness import EHLO, MESSAGE, Session, client_blocks
from tests.smtp.test_transcripts import sections

QUEUED = f"250 2.0.0 Ok: queued as {MESSAGE}"
cuts = st.lists(st.integers(0, 100_000), max_size=20)


@contextmanager
def nothing_logged() -> Iterator[None]:
    """The engine logs only what it did not foresee."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("mailsink.smtp")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    assert [record.getMessage() for record in records] == []


def packets(octets: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(octets), *(place % (len(octets) + 1) for place in places)})
    return [octets[a:b] for a, b in pairwise(edges)]


def hold(session: Session, pieces: list[bytes]) -> list[object]:
    """Send pieces until the session ends; return all that came of it."""
    heard = session.read()
    for piece in pieces:
        if session.ended:
            break
        heard += session.send(piece)
    bodies = [
        (event.outcome, event.code, event.body and event.body.content)
        for event in session.told(TransactionEnded)
    ]
    recipients = [
        (event.forward_path, event.code) for event in session.told(RecipientAnswered)
    ]
    lines = [
        (each.opened.kind, each.opened.verb, each.line, each.opened.octets, each.code)
        for each in session.exchanges
    ]
    stored = [arrival.body.content for arrival in session.arrivals]
    # a challenge is another one each time
    heard = ["334" if line.startswith("334 ") else line for line in heard]
    return [heard, stored, bodies, recipients, lines]


# What is sent inside TLS answers what the server sent: it cannot be told beforehand.
@pytest.mark.parametrize(("profile", "lines"), sections(tls=False))
@settings(max_examples=12)
@given(places=cuts)
def test_a_transcript_in_any_packets(
    profile: Profile, lines: str, places: list[int]
) -> None:
    blocks = client_blocks(lines)
    whole = hold(Session(profile), blocks)
    assert hold(Session(profile), packets(b"".join(blocks), places)) == whole


# Good transactions, and what each one must come to

bodies = st.lists(
    st.sampled_from(
        [b".", b"..", b"", b"Subject: x", b".QUIT", b"\xe9\0", b"x" * 1200, b"a\rb\nc"]
    ),
    max_size=8,
).map(lambda lines: b"".join(line + b"\r\n" for line in lines))


def by_data(body: bytes) -> bytes:
    stuffed = (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:]
    return b"DATA\r\n" + stuffed + b".\r\n"


def by_chunks(chunks: list[bytes]) -> bytes:
    sent = [b"BDAT %d\r\n%s" % (len(chunk), chunk) for chunk in chunks]
    return b"".join(sent) + b"BDAT 0 LAST\r\n"


envelopes = st.sampled_from(
    [
        b"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\n",
        b"RSET\r\nMAIL FROM:<> SIZE=5\r\nRCPT TO:<>\r\nRCPT TO:<c@d>\r\n",
        b"AUTH PLAIN AGEAYg==\r\nMAIL FROM:<a@b>\r\nNOOP\r\nRCPT TO:<a@b>\r\n",
    ]
)
transactions = st.one_of(
    st.tuples(envelopes, bodies.map(lambda body: (by_data(body), body))),
    st.tuples(
        envelopes,
        st.lists(st.binary(max_size=30), max_size=4).map(
            lambda chunks: (by_chunks(chunks), b"".join(chunks))
        ),
    ),
)


@given(st.lists(transactions, max_size=3), cuts)
def test_what_is_sent_is_stored_in_any_packets(
    sent: list[tuple[bytes, tuple[bytes, bytes]]], places: list[int]
) -> None:
    octets = EHLO + b"".join(envelope + wire for envelope, (wire, _) in sent)
    session = Session()
    hold(session, packets(octets + b"QUIT\r\n", places))
    assert [each.body.content for each in session.arrivals] == [
        body for _, (_, body) in sent
    ]
    assert session.ending == "quit"


# Whatever comes

fragments = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            *(
                b"\r\n",
                b"\n",
                b"\r\n.\r\n",
                b".",
                b" ",
                b"\0",
                b"\x16\x03\x01",
                b"=\r\n",
            ),
            *(b"EHLO x\r\n", b"HELO x\r\n", b"LHLO x\r\n", b"MAIL FROM:<a@b>", b"\r\n"),
            *(b"RCPT TO:<a@b>\r\n", b"DATA\r\n", b"RSET\r\n", b"NOOP ", b"HELP "),
            *(
                b"BDAT ",
                b"BDAT 5\r\n",
                b"BDAT 0 LAST\r\n",
                b"BDAT 20 LAST\r\n",
                b"9" * 30,
            ),
            *(b"AUTH PLAIN ", b"AUTH LOGIN\r\n", b"AUTH CRAM-MD5\r\n", b"*\r\n"),
            *(
                b" BODY=BINARYMIME",
                b" SIZE=9999999999",
                b" SMTPUTF8",
                b" BY=5;R",
                b"GET /",
            ),
            *(
                b"VRFY ",
                b"EXPN ",
                b"ETRN ",
                b"ATRN ",
                b"TURN\r\n",
                b"STARTTLS\r\n",
                b"<",
            ),
            *(b"XCLIENT ", b"PROXY TCP4 ", b"x" * 3000, b"\xff\xfe", b"\xc3\xa9", b'"'),
        ]
    ),
)


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
@settings(max_examples=150)
@given(
    octets=st.lists(fragments, max_size=40).map(b"".join),
    places=cuts,
    hang=st.booleans(),
)
def test_whatever_comes_the_session_lives(
    protocol: str, octets: bytes, places: list[int], hang: bool
) -> None:
    profile = Profile(protocol=protocol, max_line=1000, max_message_size=5000)  # type: ignore[arg-type]
    session = Session(profile)
    with nothing_logged():
        for packet in packets(octets, places):
            if session.ended:
                break
            session.send(packet)
            assert len(session.machine.session.input) <= 1000
        if not session.ended:
            session.tick(400) if hang else session.drop()
    assert session.ended
    assert len(session.told(SessionClosed)) == 1


@given(octets=st.lists(fragments, max_size=30).map(b"".join))
def test_whatever_came_the_next_message_is_stored(octets: bytes) -> None:
    session = Session()
    session.send(EHLO)
    session.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n")
    body = b"".join(octets.replace(b".", b"").splitlines(keepends=True))
    assert session.send(body + b"\r\n.\r\n")[-1] == QUEUED
    session.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\n")
    chunk = b"BDAT %d LAST\r\n%s" % (len(octets), octets)
    assert session.send(chunk + b"QUIT\r\n") == [QUEUED, "221 2.0.0 Bye"]
    assert [each.body.content for each in session.arrivals] == [body + b"\r\n", octets]
