"""Whatever a client asks for, the directory has an answer that the client can read."""

from __future__ import annotations

from hypothesis import given as examples
from hypothesis import strategies as st

from inbox.mailbox.known_addresses import Book, clean, key_of
from inbox.policy import lookup
from mailsink.smtp.protocol.replies import Reply
from tests.mailbox.test_known_addresses import given

BOOK = Book(
    clean(
        [
            given("jürgen@müller.example", name="Jürgen Müller"),
            given("far@example.com", "forwarded", "jürgen@müller.example"),
            given("gone@example.com", "moved", "jürgen@müller.example"),
            given("staff@example.com", "list", "jürgen@müller.example"),
            given("juergen@example.com", "ambiguous", "jürgen@müller.example"),
            given('"a b"@example.com', "alias", "far@example.com", name="Jürgen B"),
        ]
    )
)
ASKED = st.text() | st.sampled_from(
    ["far", "far@example.com", "GONE@example.com", "staff", "jürgen", "JÜRGEN",
     "juergen", "Jürgen@müller.example", '"a b"', '"a b"@EXAMPLE.com', "postmaster"]
)  # fmt: skip


def replies(name: str, known_only: bool, utf8: bool) -> list[Reply | None]:
    return [
        lookup.recipient(BOOK, known_only, name, utf8),
        lookup.verify(BOOK, known_only, name, utf8),
        lookup.expand(BOOK, name, utf8),
    ]


@examples(name=ASKED, known_only=st.booleans(), utf8=st.booleans())
def test_any_name_is_answered(name: str, known_only: bool, utf8: bool) -> None:
    for reply in replies(name, known_only, utf8):
        if reply is None:
            continue
        assert utf8 or all(text.isascii() for text in reply.texts)
        assert reply.enhanced[0] == str(reply.code)[0]
        # nothing of what was asked is repeated, and so nothing needs escaping
        assert all(text.isprintable() for text in reply.texts)


@examples(name=ASKED)
def test_what_is_found_by_its_address_is_found_by_vrfy(name: str) -> None:
    known = BOOK.at(name)
    if known is not None:
        assert known in BOOK.called(name)
        assert key_of(known.address) == key_of(name)
