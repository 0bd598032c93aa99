"""RFC 2033: what is told of an LMTP session; its replies are in transcripts/lmtp.txt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailsink.ports import Refused, Stored
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import Arrival, DeliveryAnswered, SessionOpened
from tests.smtp.harness import MESSAGE, Session

LMTP = Profile(hostname="mx.test", protocol="lmtp")
THREE = (
    b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<>\r\nRCPT TO:<e@f>\r\nDATA\r\n"
    b"x\r\n.\r\n"
)


def sent(
    profile: Profile = LMTP, store: Callable[[Arrival], Stored | Refused] | None = None
) -> Session:
    session = Session(profile, store=store)
    session.send(b"LHLO x\r\n")
    session.send(THREE)
    return session


def test_the_protocol_has_its_name() -> None:
    session = Session(LMTP)
    (opened,) = session.told(SessionOpened)
    assert opened.protocol == "LMTP"
    session.send(b"LHLO x\r\n")
    assert session.changes()["protocol"] == "LMTP"
    session.send(b"AUTH PLAIN AGpvZQBzM2NyZXQ=\r\n")
    assert session.changes()["protocol"] == "LMTPA"


def test_one_exchange_holds_all_replies_to_a_body() -> None:
    session = sent()
    body = session.last
    assert body.opened.kind == "body"
    assert body.replied is not None
    assert body.replied.code == 250
    assert body.replied.reply == (
        f"250 2.0.0 <c@d> Ok: queued as {MESSAGE}",
        f"250 2.0.0 <e@f> Ok: queued as {MESSAGE}",
    )
    (answered,) = session.told(DeliveryAnswered)
    assert answered.transaction == session.arrivals[0].transaction
    assert answered.codes == (250, 250)


def _raises(arrival: Arrival) -> Stored:
    raise RuntimeError


@pytest.mark.parametrize(
    ("store", "code"),
    [(lambda arrival: Refused(replies.DISK_FULL), 452), (_raises, 451)],
    ids=["refused", "failed"],
)
def test_what_is_not_stored_is_told_to_each(
    store: Callable[[Arrival], Stored | Refused], code: int
) -> None:
    session = sent(store=store)
    assert session.last.replied is not None
    assert [line[:3] for line in session.last.replied.reply] == [f"{code}"] * 2
    assert session.told(DeliveryAnswered)[0].codes == (code, code)


def test_smtp_has_one_reply_only() -> None:
    session = Session()
    session.send(b"EHLO x\r\n")
    assert session.send(THREE)[-1] == f"250 2.0.0 Ok: queued as {MESSAGE}"
    assert session.told(DeliveryAnswered) == []


def test_each_line_stays_within_512_octets() -> None:
    profile = Profile(
        protocol="lmtp", max_message_size=1, public_url="http://sink.test"
    )
    session = Session(profile)
    session.send(b"LHLO x\r\nMAIL FROM:<a@b> SMTPUTF8\r\n")
    long = "ü" * 20 + "@" + ".".join(["x" * 60] * 3)
    session.send(f"RCPT TO:<{long}>\r\nRCPT TO:<c@d>\r\nDATA\r\n".encode())
    first, second = session.send(b"xx\r\n.\r\n")
    assert len(first) <= 510
    assert first.isascii()
    assert "(why: http://sink.test/s/" in first
    assert "(why: http://sink.test/s/" in second
