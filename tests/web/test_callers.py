"""Who calls on the web port, told from the first octets."""

from __future__ import annotations

import pytest

from mailsink.web.callers import recognise, wrong_port


@pytest.mark.parametrize(
    ("octets", "speaks"),
    [
        (b"GET / HTTP/1.1\r\n", "http"),
        (b"DELETE /api/v3/messages HTTP/1.1\r\n", "http"),
        (b"OPTIONS * HTTP/1.1\r\n", "http"),
        (b"PROPPATCH /", "http"),
        (b"\r\n\r\nGET / HTTP/1.1\r\n", "http"),
        (b"EHLO client.example\r\n", "smtp"),
        (b"helo x\r\n", "smtp"),
        (b"LHLO x\r\n", "smtp"),
        (b"MAIL FROM:<a@b>\r\n", "smtp"),
        (b"QUIT\r\n", "smtp"),
        (b"STARTTLS\r\n", "smtp"),
        (b"\r\nEHLO x\r\n", "smtp"),
        (b"EHLOX y\r\n", "http"),
        (b"\x16\x03\x01\x02\x00\x01", "tls"),
        (b"\x16", "tls"),
        (b"\x80\x80\x01\x03\x01 old TLS", "http"),
        (b"EHLO", None),
        (b"STARTTLS", None),
        (b"G", None),
        (b"\r\n", None),
        (b" " * 100, "http"),
    ],
)
def test_recognise(octets: bytes, speaks: str | None) -> None:
    assert recognise(octets) == speaks


@pytest.mark.parametrize("octets", [b"EHLO x\r\n", b"GET / HTTP/1.1\r\n", b"\x16\x03"])
def test_octet_by_octet_it_is_the_same(octets: bytes) -> None:
    told = [recognise(octets[:end]) for end in range(1, len(octets) + 1)]
    assert {each for each in told if each} == {recognise(octets)}


def test_the_reply_is_one_line_that_names_the_address() -> None:
    reply = wrong_port(["127.0.0.1:1025", "[::1]:1025"])
    assert reply.startswith(
        b"554 5.3.2 This is Mailsink's web page; send mail to 127.0.0.1:1025 ("
    )
    assert reply.endswith(b")\r\n")
    assert reply.count(b"\n") == 1
    assert b"MAILSINK_SMTP" in wrong_port([])
