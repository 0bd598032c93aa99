"""The words of enclosed messages, for the index."""

from __future__ import annotations

import time

from mailsink.mime.enclosed import words_up_to
from mailsink.mime.structure import parse

HTML = b"Content-Type: text/html\r\n\r\n<p>pear &amp; fig</p>"


def forwarded(*messages: bytes) -> bytes:
    parts = (b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + each for each in messages)
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nouter\r\n"
    return head + b"\r\n".join(parts) + b"\r\n--b--\r\n"


def words(octets: bytes, length: int = 1000) -> str:
    return " ".join(words_up_to(octets, parse(octets), length).split())


def test_subjects_texts_and_names() -> None:
    file = b"Subject: two\r\nContent-Type: application/pdf; name=plum.pdf\r\n\r\n%PDF"
    octets = forwarded(b"Subject: one\r\n" + HTML, file)
    assert words(octets) == "one pear & fig two plum.pdf"


def test_only_what_is_enclosed() -> None:
    assert words(HTML) == ""
    assert words(b"Content-Type: message/rfc822\r\n\r\n" + HTML) == ""


def test_no_more_than_is_asked_for() -> None:
    octets = forwarded(*[b"Subject: s\r\n\r\n" + b"word " * 100] * 50)
    assert len(words_up_to(octets, parse(octets), 100)) <= 100


def test_messages_deep_within_one_another_take_linear_time() -> None:
    octets = forwarded(
        b"Content-Type: message/rfc822\r\n\r\n" * 90 + b"word " * 500_000
    )
    structure = parse(octets)
    began = time.process_time()
    assert "word" in words_up_to(octets, structure, 10_000)
    assert time.process_time() - began < 1
