"""Addresses and names that ask for replies, as sessions meet them."""

from __future__ import annotations

import pytest

from inbox.rules import address_words
from inbox.rules.usual_replies import usual_reply
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import ExchangeReplied
from tests.smtp import tls_client
from tests.smtp.harness import Session, ready


def session(**options: object) -> Session:
    """A session whose policy knows nothing but the words."""
    return ready(decide=address_words.decision, asks=address_words.may_ask, **options)


def lines(sender: str = "a@b.test", *recipients: str) -> list[str]:
    """Return the last line of each reply to a message."""
    talking = session()
    heard = talking.send(f"MAIL FROM:<{sender}>\r\n".encode())
    for each in recipients or ("b@b.test",):
        heard += talking.send(f"RCPT TO:<{each}>\r\n".encode())
    heard += talking.send(b"DATA\r\n")
    if heard[-1].startswith("354"):
        heard += talking.send(b"x\r\n.\r\n")
    return heard


@pytest.mark.parametrize(
    ("recipient", "reply"),
    [
        ("rcpt550@b.test", "550 5.1.1 There is no such user here, as rcpt550 asks"),
        ("rcpt550_5.7.1@b.test", "550 5.7.1 There is no such user here, as rcpt550 asks"),
        ("RCPT452@b.test", "452 4.2.2 The mailbox is full for now, as rcpt452 asks"),
        ("rcpt251@b.test", "251 2.1.5 User not local, will forward, as rcpt251 asks"),
        ("rcpt459@b.test", "459 4.0.0 Try again later, as rcpt459 asks"),
        ("delay0s-rcpt450@b.test", "450 4.2.1 The mailbox is busy, try again later, as rcpt450 asks"),
    ],
)  # fmt: skip
def test_recipients(recipient: str, reply: str) -> None:
    assert lines("a@b.test", recipient)[1] == reply


@pytest.mark.parametrize(
    "recipient",
    [
        "b@b.test", "rcpt@b.test", "rcpt5@b.test", "rcpt550x@b.test", "rcpt550.x@b.test",
        "rcpt650@b.test", "rcpt590@b.test", "rcpt350@b.test", "rcpt550_4.1.1@b.test",
        "x-rcpt550@b.test", "rcpt550-x@b.test", "rcpt550-@b.test", "noreply@b.test",
        "drop-rcpt@b.test", "drop-rcpt@not-mailsink.test", "data@b.test", "delay@mailsink.test",
        "bounce@mailsink.test", "delay3@b.test", "mailbox@b.test", "body1@b.test",
    ],
)  # fmt: skip
def test_addresses_without_magic(recipient: str) -> None:
    heard = lines("a@b.test", recipient)
    assert heard[1] == "250 2.1.5 Recipient ok"
    assert heard[3].startswith("250 2.0.0 Ok: queued")


def test_senders() -> None:
    assert lines("mail452@b.test")[0].startswith("452 4.3.1 ")
    assert lines("rcpt450@b.test")[1].startswith("450 4.2.1 ")
    assert lines("mail550-rcpt450@b.test")[0].startswith("550 5.7.1 ")


@pytest.mark.parametrize("sender", [True, False])
def test_the_message_is_refused(sender: bool) -> None:
    def heard(word: str) -> str:
        magic = f"{word}@b.test"
        paths = (magic,) if sender else ("a@b.test", "b@b.test", magic, "c@b.test")
        return lines(*paths)[-1]

    assert heard("data451") == "451 4.3.0 Local error, try again later, as data451 asks"
    assert heard("body554") == "554 5.7.1 The message is refused, as body554 asks"


def test_the_nearest_address_has_it() -> None:
    assert lines("rcpt450@b.test", "rcpt550@b.test")[1].startswith("550 ")


def test_a_refused_recipient_asks_for_nothing_more() -> None:
    heard = lines("a@b.test", "rcpt550-data451@b.test", "b@b.test")
    assert heard[-2].startswith("354 ")
    assert heard[-1].startswith("250 ")


def test_a_delay() -> None:
    talking = session()
    assert talking.send(b"MAIL FROM:<delay1500ms@b.test>\r\n") == []
    assert talking.tick(1.6) == ["250 2.1.0 Sender ok"]
    replied = talking.last.replied
    assert isinstance(replied, ExchangeReplied)
    assert replied.delayed_us == 1_500_000
    assert replied.rule == "address delay1500ms@b.test"
    # not again at each recipient
    assert talking.send(b"RCPT TO:<b@b.test>\r\n") == ["250 2.1.5 Recipient ok"]
    assert talking.send(b"RCPT TO:<delay999999m@b.test>\r\n") == []
    assert talking.tick(address_words.LONGEST_DELAY) == ["250 2.1.5 Recipient ok"]


def test_a_login() -> None:
    talking = session()
    login = "AHVzZXIAcGFzcw==", "AGF1dGg1MzVAYgBwYXNz"  # user, auth535@b
    (heard,) = talking.send(f"AUTH PLAIN {login[1]}\r\n".encode())
    assert heard == "535 5.7.8 Authentication credentials invalid, as auth535 asks"
    assert talking.last.replied is not None
    assert talking.last.replied.rule == "user name auth535@b"
    assert talking.send(f"AUTH PLAIN {login[0]}\r\n".encode())[0].startswith("235 ")


def test_names() -> None:
    profile = Profile(hostname="mx.test", tls=tls_client.server())
    talking = session(profile=profile)
    name = b"Size10000-nopipelining-nostarttls-nomtpriority.example"
    heard = talking.send(b"EHLO " + name + b"\r\n")
    assert "250-SIZE 10000" in heard
    left = {line[4:].partition(" ")[0] for line in heard}
    assert not left & {"PIPELINING", "STARTTLS", "MT-PRIORITY"}
    assert left >= {"CHUNKING", "DSN"}
    assert talking.last.replied is not None
    assert talking.last.replied.rule == f"name {name.decode()}"
    assert "250-STARTTLS" in talking.send(b"EHLO nostarttls-or.example\r\n")
    assert "250-STARTTLS" in talking.send(b"EHLO mail550.example\r\n")
    assert talking.send(b"EHLO ehlo550.example\r\n")[0].startswith("550 5.7.1 ")


@pytest.mark.parametrize("deed", address_words.DEEDS)
@pytest.mark.parametrize("stage", ["rcpt", "data", "body"])
def test_deeds(deed: str, stage: str) -> None:
    talking = session()
    talking.send(b"MAIL FROM:<a@b.test>\r\n")
    talking.deliver(f"RCPT TO:<{deed}-{stage}@mailsink.test>\r\n".encode())
    if stage != "rcpt":
        assert talking.take() == b"250 2.1.5 Recipient ok\r\n"
        talking.deliver(b"DATA\r\n")
    if stage == "body":
        talking.take()
        talking.deliver(b"x\r\n.\r\n")
    assert talking.ended is (deed in ("drop", "reset", "half"))
    assert talking.machine.session.resets is (deed == "reset")
    assert (talking.take() == b"") is (deed in ("drop", "reset", "stall"))
    assert talking.last.replied is not None
    assert talking.last.replied.rule == f"address {deed}-{stage}@mailsink.test"


def test_a_long_address_is_cut_in_the_transcript() -> None:
    talking = session()
    long = "-".join(["delay0s"] * 8 + ["rcpt550"]) + "@" + "x" * 60 + ".test"
    talking.send(b"MAIL FROM:<a@b.test>\r\n")
    assert talking.send(f"RCPT TO:<{long}>\r\n".encode())[0].startswith("550 ")
    assert talking.last.replied is not None
    assert talking.last.replied.rule == f"address {long}"[:108]


def test_what_is_read_is_bounded() -> None:
    assert not address_words.may_ask("")
    talking = session()
    talking.send(b"MAIL FROM:<a@b.test>\r\n")
    words = b"delay0s-" * 40
    assert talking.send(b"RCPT TO:<%srcpt550@b.test>\r\n" % words)[0][:3] == "250"
    for n in range(20):
        talking.send(b"RCPT TO:<delay0s@%d.test>\r\n" % n)
    talking.send(b"RCPT TO:<data451@b.test>\r\n")
    assert talking.send(b"DATA\r\n")[0][:3] == "354"


def test_no_reply_has_an_enhanced_code_where_there_is_none() -> None:
    assert usual_reply("auth", 334).enhanced == ""
    assert usual_reply("helo", 250).enhanced == ""
    assert usual_reply("helo", 550).enhanced == "5.7.1"


def test_a_name_lifts_no_limit() -> None:
    talking = session(profile=Profile(hostname="mx.test", max_message_size=1000))
    assert "250-SIZE 1000" in talking.send(b"EHLO size99999999.example\r\n")
