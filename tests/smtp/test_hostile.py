"""Too much, too slow, too long: documented replies, nothing lost, and the server lives."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import TransactionEnded
from tests.smtp.harness import EHLO, ENVELOPE, MESSAGE, Session, ready
from tests.smtp.listening import MIB, Serve, serve

__all__ = ["serve"]  # the fixture

QUEUED = f"250 2.0.0 Ok: queued as {MESSAGE}"
BINARY = b"MAIL FROM:<a@b> BODY=BINARYMIME\r\nRCPT TO:<a@b>\r\n"
GIB = 1024 * MIB


def flood(session: Session, total: int) -> list[str]:
    """Send so many octets, in pieces."""
    piece, heard = b"x" * (256 * 1024), []
    for at in range(0, total, len(piece)):
        heard += session.send(piece[: total - at])
    return heard


@pytest.fixture
def small_memory() -> object:
    """Fails where more than a few pieces were held at once."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * MIB


def test_a_gigabyte_is_announced_by_size() -> None:
    session = ready()
    (reply,) = session.send(b"MAIL FROM:<a@b> SIZE=%d\r\n" % GIB)
    assert reply == "552 5.3.4 SIZE=1073741824 is over the limit of 52428800 octets"
    assert session.send(b"MAIL FROM:<a@b>\r\n") == ["250 2.1.0 Sender ok"]


def test_a_large_chunk_is_read_to_its_end(small_memory: object, tmp_path: Path) -> None:
    session = ready(profile=Profile(max_message_size=MIB, spool_dir=tmp_path))
    session.send(BINARY)
    session.send(b"BDAT %d\r\n" % (100 * MIB))
    assert flood(session, 100 * MIB) == [
        "552 5.3.4 The message of 104857600 octets is over the limit of 1048576"
    ]
    (event,) = session.told(TransactionEnded)
    assert event.body is not None
    assert (event.body.size, event.body.complete) == (2 * MIB, False)
    assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]


def test_a_large_chunk_that_is_refused_is_read_too(small_memory: object) -> None:
    session = ready()
    session.send(b"BDAT %d LAST\r\n" % (100 * MIB))
    assert flood(session, 100 * MIB)[0].startswith("503 ")
    assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]


def test_a_chunk_without_end(small_memory: object) -> None:
    session = ready()
    session.send(BINARY)
    assert session.send(b"BDAT 9223372036854775807\r\n") == []
    session.send(b"some")
    (reply,) = session.tick(301)
    assert reply.startswith("421 4.4.2 ")
    (event,) = session.told(TransactionEnded)
    assert event.body is not None
    assert event.body.content == b"some"


def test_a_command_line_of_100_mb(small_memory: object) -> None:
    session = ready()
    assert flood(session, 100 * MIB) == []
    assert session.send(b"\r\nNOOP\r\n") == [
        "500 5.5.2 The line is too long",
        "250 2.0.0 Ok",
    ]
    assert session.exchanges[-2].opened.octets == 100 * MIB + 2


def test_without_a_limit_no_more_than_a_mebibyte_of_a_line_is_held(
    small_memory: object,
) -> None:
    session = ready(profile=Profile(max_line=0))
    assert flood(session, 100 * MIB) == []
    assert session.send(b"\r\n") == ["500 5.5.2 The line is too long"]


def test_a_byte_a_second() -> None:
    session = Session()
    body = b"Subject: slow\r\n\r\n" + b"x" * 500 + b"\r\n"
    chunk = b"y" * 500
    octets = EHLO + ENVELOPE + b"DATA\r\n" + body + b".\r\n" + ENVELOPE
    octets += b"BDAT 500 LAST\r\n" + chunk + b"QUIT\r\n"
    for at in range(len(octets)):
        session.send(octets[at : at + 1])
        session.tick(1)
    assert [each.body.content for each in session.arrivals] == [body, chunk]
    assert session.ending == "quit"
    assert session.exchanges[-1].opened.received_us == (len(octets) - 1) * 1_000_000


@pytest.mark.parametrize("size", [1, 100_000])
def test_ten_thousand_recipients(size: int) -> None:
    session = ready()
    session.send(b"MAIL FROM:<a@b>\r\n")
    octets = b"".join(b"RCPT TO:<u%d@example.com>\r\n" % at for at in range(10_000))
    heard: list[str] = []
    for at in range(0, len(octets), size * 1000):
        heard += session.send(octets[at : at + size * 1000])
    assert Counter(line[:9] for line in heard) == {"250 2.1.5": 1000, "452 4.5.3": 9000}
    session.send(b"DATA\r\n")
    assert session.send(b"x\r\n.\r\n") == [QUEUED]


def test_half_closed_within_a_chunk() -> None:
    session = ready()
    session.machine.receive(BINARY + b"BDAT 100 LAST\r\nhalf")
    session.half_close()
    assert session.ending == "dropped"
    (event,) = session.told(TransactionEnded)
    assert event.body is not None
    assert (event.body.content, event.outcome) == (b"half", "abandoned")


def test_half_closed_behind_a_whole_one() -> None:
    session = ready()
    session.machine.receive(BINARY + b"BDAT 4 LAST\r\nhalf")
    session.half_close()
    assert session.read()[-1] == QUEUED
    assert session.arrivals[0].body.content == b"half"


# The same over sockets


async def test_twenty_megabytes_in_one_chunk(serve: Serve, tmp_path: Path) -> None:
    running = await serve(Profile(spool_dir=tmp_path))
    reader, writer = await running.connect()
    octets = random.Random(1).randbytes(1000) * 20_000
    writer.write(b"EHLO x\r\n" + BINARY + b"BDAT %d LAST\r\n" % len(octets))
    for at in range(0, len(octets), MIB):
        writer.write(octets[at : at + MIB])
        await writer.drain()
    writer.write(b"QUIT\r\n")
    assert b"queued as" in await reader.read()
    writer.close()
    (arrival,) = running.memory.arrivals
    assert arrival.body.path is not None
    assert arrival.body.path.read_bytes() == octets


async def test_a_client_half_closes_after_its_last_chunk(serve: Serve) -> None:
    running = await serve()
    reader, writer = await running.connect()
    writer.write(b"EHLO x\r\n" + BINARY + b"BDAT 3\r\nabcBDAT 2 LAST\r\nde")
    writer.write_eof()
    assert b"queued as" in await reader.read()
    writer.close()
    assert running.memory.arrivals[0].body.content == b"abcde"


async def test_whatever_came_before_the_next_session_works(serve: Serve) -> None:
    running = await serve(Profile(max_message_size=10_000))
    dice = random.Random(7)
    words = (b"EHLO x\r\n", b"DATA\r\n", b"BDAT 99999 LAST\r\n", b"BDAT ", b"AUTH PLAIN ",
             b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<a@b>\r\n", b"\r\n.\r\n")  # fmt: skip

    async def attack() -> asyncio.StreamWriter:
        _, writer = await running.connect()
        for _ in range(20):
            writer.write(dice.randbytes(dice.randrange(200)) + dice.choice(words))
        await writer.drain()
        dice.choice((writer.transport.abort, writer.write_eof, writer.close))()
        return writer

    attackers = await asyncio.gather(*(attack() for _ in range(40)))
    await running.memory.ended(40)
    for attacker in attackers:
        attacker.close()
    reader, writer = await running.connect()
    writer.write(b"EHLO x\r\n" + BINARY + b"BDAT 2 LAST\r\nhiQUIT\r\n")
    assert (await reader.read()).endswith(b"221 2.0.0 Bye\r\n")
    writer.close()
    assert running.memory.arrivals[-1].body.content == b"hi"
