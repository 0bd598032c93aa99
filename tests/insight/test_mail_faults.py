"""Faults: what a message is refused for in strict mode, and what real mail may look like."""

from __future__ import annotations

import time
from email.message import EmailMessage
from email.policy import SMTP
from types import SimpleNamespace
from typing import Any

import pytest

from inbox import checks
from inbox.insight import mail_faults
from inbox.insight.mail_faults import KINDS, LARGEST, TookTooLong
from inbox.insight.stored_faults import of_stored
from mailsink.mime import structure
from tests import good_mails, mails
from tests.mime.hostile import corpus
from tools import sample_mail

GOOD = (
    b"From: Ann <ann@shop.com>\r\nTo: bob@shop.com\r\nSubject: Hello\r\n"
    b"Message-ID: <1@shop.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\nHi.\r\n"
)


def kinds(octets: bytes, **given: Any) -> list[str]:
    return [each.kind.name for each in mail_faults.find(octets, len(octets), **given)]


def html(body: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "a@shop.com",
        "b@shop.com",
        "Hi",
    )
    message.set_content("Hi.\n")
    message.add_alternative(body, subtype="html")
    return message.as_bytes().replace(b"\n", b"\r\n")


FAULTY: dict[str, bytes] = {
    "missing_from": GOOD.replace(b"From: Ann <ann@shop.com>\r\n", b""),
    "missing_message_id": GOOD.replace(b"<1@shop.com>", b""),
    "repeated_field": b"From: Eve <eve@shop.com>\r\n" + GOOD,
    "placeholder": GOOD.replace(b"Hello", b"Hello {{ name }}"),
    "local_link": GOOD.replace(b"Hi.", b"See http://localhost:8000/confirm"),
    "relative_link": html('<a href="/reset">Reset</a>'),
    "cid_without_part": html('<img src="cid:logo" alt="Logo">'),
    "empty_text_part": html("<p>Hi").replace(b"Hi.\r\n", b"\r\n"),
    "undecodable_text": GOOD.replace(
        b"\r\n\r\nHi.",
        b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\xfc\xdfe",
    ),
    "bad_list_unsubscribe": b"List-Unsubscribe: https://shop.com/u\r\n" + GOOD,
    "link_without_text": html('<a href="https://shop.com/"></a>'),
    "clipped": html("<p>Hello you.\n" * 9000),
}


@pytest.mark.parametrize("kind", FAULTY)
def test_each_fault_is_found(kind: str) -> None:
    assert kinds(FAULTY[kind]) == [kind]
    assert kinds(FAULTY[kind], ignored={kind}) == []


def test_a_message_id_may_be_left_to_the_server() -> None:
    assert kinds(GOOD.replace(b"Message-ID: <1@shop.com>\r\n", b"")) == []


FLAGS = [
    "bare_cr_data", "lenient_domain", "lenient_path", "long_line",
    "nul_octet", "smuggling_pattern", "unknown_literal", "unqualified_address",
]  # fmt: skip


@pytest.mark.parametrize("flag", FLAGS)
def test_each_flag_of_the_message_is_one(flag: str) -> None:
    assert kinds(GOOD, flags=[flag]) == [flag]


def test_a_bare_lf_is_one_in_the_header_alone() -> None:
    """In the text it is a habit of emailjs."""
    flags = ["bare_lf_data"]
    assert kinds(GOOD.replace(b"Hi.", b"Hi.\nHo."), flags=flags) == []
    assert kinds(GOOD.replace(b"\r\n", b"\n"), flags=flags) == ["bare_lf_data"]
    assert kinds(GOOD.replace(b"\r\nSub", b"\nSub"), flags=flags) == ["bare_lf_data"]


def test_flags_of_the_connection_are_none() -> None:
    flags = ["pipelining_violation", "early_talker", "auth_plaintext", "pipelined"]
    assert kinds(GOOD, flags=flags) == []


def test_every_kind_of_level_error_is_shown_here() -> None:
    of_checks = {
        name for name, each in checks.KINDS.items() if each.severity == "error"
    }
    assert {*FAULTY, *FLAGS, "bare_lf_data", "too_large"} == {*KINDS}
    assert of_checks <= {*KINDS}
    assert all(each.severity == "error" for each in KINDS.values())


def test_a_fault_has_its_place() -> None:
    (found,) = mail_faults.find(FAULTY["local_link"], 1)
    shown = found.place, found.line, found.snippet
    assert shown == ("Text", 1, "http://localhost:8000/confirm")


OF_TESTS = {
    **{name: value for name, value in vars(mails).items() if isinstance(value, bytes)},
    "plain": mails.plain("Hi"),
    "rich": mails.rich("Hi", '<p>Hi <img src="cid:logo" alt="Shop"></p>', b"PNG"),
    **{
        f"everyday {number}": each.message.as_bytes(policy=SMTP)
        for number, each in enumerate(sample_mail.everyday())
        if "Invoice" not in each.message["Subject"]  # in which a placeholder was left
    },
}


@pytest.mark.parametrize("name", [*good_mails.GOOD, *OF_TESTS])
def test_good_mail_has_none(name: str) -> None:
    assert kinds((good_mails.GOOD | OF_TESTS)[name]) == []


def test_the_errors_are_those_of_all_checks() -> None:
    """The short cut for errors alone finds what the tab Checks shows."""
    for name, octets in [*corpus(), *FAULTY.items()]:
        if len(octets) > 60_000:
            continue  # the tests of each check have these
        parsed = structure.parse(octets)
        wanted = checks.examine(octets, parsed).of_severity("error")
        assert checks.errors(octets, parsed, lambda: None) == wanted, name


def test_it_ends_when_its_time_is_over() -> None:
    with pytest.raises(TookTooLong):
        kinds(GOOD, until=time.monotonic() - 1)


def test_the_content_of_a_large_message_is_not_looked_at() -> None:
    octets = GOOD.replace(b"Hi.", b"{{ name }}\r\n" * 300_000)
    assert len(octets) > LARGEST
    assert kinds(octets[:LARGEST]) == ["placeholder"]
    start = octets[:LARGEST]
    assert mail_faults.find(start, len(octets)) == []
    (found,) = mail_faults.find(start, 26 << 20)
    assert found.kind.name == "too_large"


def test_stored_lines_have_the_flags() -> None:
    lines: Any = [
        SimpleNamespace(verb="EHLO", kind="command", flags="lenient_domain"),
        SimpleNamespace(verb="MAIL", kind="command", flags="lenient_path pipelined"),
        SimpleNamespace(verb="", kind="body", flags="long_line"),
    ]
    found = [each.kind.name for each in of_stored(GOOD, lines, {"long_line"})]
    assert found == ["lenient_path"]
