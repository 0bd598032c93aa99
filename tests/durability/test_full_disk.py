"""A full disk: 452, nothing acknowledged is lost, and it recovers."""

from __future__ import annotations

import smtplib
from pathlib import Path

from tests.disks import fill
from tests.running import Mailsink

from .senders import Acknowledged, Sender, assert_stored


def test_a_full_disk_is_told_with_452_and_recovers(small_disk: Path) -> None:
    acknowledged = Acknowledged()
    filler = small_disk / "filler"
    server = Mailsink(small_disk / "data")
    try:
        senders = [Sender(server.smtp, acknowledged, number) for number in range(8)]
        for sender in senders:
            sender.start()
        acknowledged.wait_for(50)
        fill(filler)
        _wait_for_refusals(senders)
        filler.unlink()
        acknowledged.wait_for(len(acknowledged.messages) + 50)
        for sender in senders:
            sender.enough = True
        for sender in senders:
            sender.join(120)
        refusals = {reply[:9] for sender in senders for reply in sender.replies}
        assert refusals == {b"452 4.3.1"}
        assert server.stop() == 0
        assert_stored(acknowledged, server.data)
    finally:
        if server.process.poll() is None:
            server.kill()


def _wait_for_refusals(senders: list[Sender]) -> None:
    acknowledged = senders[0].acknowledged
    with acknowledged.changed:
        refused = acknowledged.changed.wait_for(
            lambda: any(sender.replies for sender in senders), 120
        )
    assert refused, "nobody was refused"


def test_what_has_no_room_is_refused_at_mail_or_in_its_chunk(small_disk: Path) -> None:
    server = Mailsink(small_disk / "data")
    try:
        with smtplib.SMTP(*server.smtp, timeout=120) as client:
            client.ehlo("client.test")
            code, text = client.docmd("MAIL FROM:<a@example.com> SIZE=20000000")
            assert (code, text[:34]) == (452, b"4.3.1 The disk has no room for a m")

            chunk = b"BDAT 20000000\r\n" + bytes(20_000_000)
            assert _envelope(client) == 250
            client.send(chunk + b"BDAT 6 LAST\r\nQUIT\r\n")
            assert client.getreply()[0] == 452
            assert client.getreply()[0] == 503
            client.rset()

            assert _envelope(client) == 250
            client.send(b"BDAT 5 LAST\r\nhello")
            code, text = client.getreply()
            assert text.startswith(b"2.0.0 Ok: queued as "), (code, text)
        assert server.stop() == 0
    finally:
        if server.process.poll() is None:
            server.kill()


def _envelope(client: smtplib.SMTP) -> int:
    client.mail("a@example.com", ["BODY=BINARYMIME"])
    code, _ = client.rcpt("b@example.com")
    return code
