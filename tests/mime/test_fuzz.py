"""Arbitrary octets, and mails put together from awkward pieces."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsink.mime import headers, markup
from mailsink.mime.preview import preview
from tests.mime.hostile import HEAD, MIXED
from tests.mime.test_hostile import check, storable

PIECES = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b"=", b'"', b"\\", b"--b", b"--b--",
    b"\r\n--b\r\n", b"\r\n--b--\r\n", b"<", b">", b"@", b",", b"(", b")", b"[", b"]", b"\xff",
    b"\xed\xa0\x80", b"From: ", b"To: ", b"Date: ", b"Subject: ", b"=?utf-8?q?", b"=?utf-8?b?",
    b"?=", b"Content-Type: ", b"multipart/mixed; boundary=b", b"multipart/related; boundary=b",
    b"multipart/alternative; boundary=b", b"message/rfc822", b"text/html", b"text/plain",
    b"; charset=utf-16", b"; charset=utf-7", b"; name*0*=utf-8''%41", b"; name=",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Type: application/octet-stream; name=a.eml", b"RnJvbTogYQ0KDQp4\r\n",
    b"Content-Transfer-Encoding: x-uue\r\n\r\nbegin 644 a\n", b"Content-Disposition: attachment",
    b"<img src=cid:a>", b"<style>", b"url(cid:", b"<!--", b"&#99;", b"1 Jan 2026 00:00:00 +0000",
]  # fmt: skip

pieces = st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=40).map(
    b"".join
)
mails = st.builds(
    lambda head, rest: head + rest, st.sampled_from([b"", HEAD, MIXED]), pieces
)
quickly = settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow]
)


@quickly
@given(st.binary(max_size=2000))
def test_arbitrary_octets(octets: bytes) -> None:
    check(octets)


@quickly
@given(mails)
def test_awkward_mails(octets: bytes) -> None:
    check(octets)


@quickly
@given(
    st.text(st.characters(), max_size=300) | st.text('<>",;:()[]\\@=?a ', max_size=60)
)
def test_arbitrary_text(text: str) -> None:
    for address in headers.addresses(text):
        storable(address.name + address.address)
        assert address.name or address.address
    headers.parse_date(text)
    storable(markup.to_text(text))
    storable(preview(text, lambda _: "/p"))


@quickly
@given(mails, st.sampled_from([b"\n", b"\r\n"]))
def test_the_summary_tells_what_split_tells(octets: bytes, end: bytes) -> None:
    """The quick way through a regular header and the general way agree."""
    fields, _ = headers.split(octets + end)
    subjects = [each.value for each in fields if each.name.lower() == "subject"]
    assert headers.summary(octets + end).subject == (subjects or [""])[0]
