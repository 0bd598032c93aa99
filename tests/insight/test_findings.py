"""What findings are made of: kinds with their sections, bodies, names, clients, levels."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.insight.findings import KINDS, FindingKind, rfc
from inbox.insight.findings.body_signs import examine
from inbox.insight.findings.clients import NAMES, UNKNOWN, recognise
from inbox.insight.findings.fixes import _FIXES, fix
from inbox.insight.findings.long_lines import OF_LINES, what
from inbox.insight.findings.rfc import RfcSection
from inbox.insight.findings.severity_in_session import severity
from inbox.insight.findings.wire import WirePlace, hello_kinds
from mailsink.mime import structure
from mailsink.smtp.protocol.events import FLAGS
from tests.mime.hostile import corpus

# As the RFCs have them.
TITLES = {
    (1870, "6.3"): "Messages larger than the declared size",
    (2920, "3"): "The Pipelining Service Extension",
    (2920, "3.1"): "Client use of pipelining",
    (3030, "2"): "Framework for the Large Message Extensions",
    (3030, "3"): "Framework for the Binary Service Extension",
    (3207, "4"): "The STARTTLS Command",
    (3207, "6"): "Security Considerations",
    (4616, "2"): "PLAIN SASL Mechanism",
    (4954, "4"): "The AUTH Command",
    (4954, "9"): "Security Considerations",
    (2045, "6.8"): "Base64 Content-Transfer-Encoding",
    (5321, "2.3.5"): "Domain Names",
    (5321, "2.3.8"): "Lines",
    (5321, "4.5.2"): "Transparency",
    (5322, "2.2"): "Header Fields",
    (5321, "2.3.11"): "Mailbox and Address",
    (5321, "3.1"): "Session Initiation",
    (5321, "3.8"): "Terminating Sessions and Connections",
    (5321, "4.1.1.1"): "Extended HELLO (EHLO) or HELLO (HELO)",
    (5321, "4.1.1.10"): "QUIT (QUIT)",
    (5321, "4.1.2"): "Command Argument Syntax",
    (5321, "4.1.3"): "Address Literals",
    (5321, "4.1.4"): "Order of Commands",
    (5321, "4.5.3.1"): "Size Limits and Minimums",
    (5321, "4.5.3.1.6"): "Text Line",
    (5321, "4.5.4.1"): "Sending Strategy",
    (5321, "7.2"): '"Blind" Copies',
    (5321, "C"): "Source Routes",
    (5322, "2.3"): "Body",
    (5322, "3.3"): "Date and Time Specification",
    (5322, "3.6"): "Field Definitions",
    (5322, "3.6.1"): "The Origination Date Field",
    (5322, "3.6.2"): "Originator Fields",
    (5322, "3.6.4"): "Identification Fields",
    (6152, "3"): "The 8bit-MIMEtransport Service Extension",
    (6531, "3.2"): "The SMTPUTF8 Extension",
    (8314, "3.3"): "Implicit TLS for SMTP Submission",
}

DOCS = (Path(__file__).parents[2] / "docs" / "findings.md").read_text()
GOOD = (
    b"From: ann@example.com\r\nTo: bob@example.com\r\nSubject: Hello\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\n"
    b"\r\nHi.\r\n"
)


@pytest.mark.parametrize("name", KINDS)
def test_each_section_has_the_title_that_its_rfc_gives_it(name: str) -> None:
    section = KINDS[name].section
    assert TITLES[section.rfc, section.number] == section.title


def test_every_section_is_used_and_its_address_names_it() -> None:
    sections = {each for each in vars(rfc).values() if isinstance(each, RfcSection)}
    assert sections == {kind.section for kind in KINDS.values()}
    assert rfc.QUIT.url.endswith("rfc5321#section-4.1.1.10")
    assert rfc.SOURCE_ROUTES.url.endswith("rfc5321#appendix-C")


def test_every_flag_is_a_kind() -> None:
    assert KINDS.keys() >= FLAGS


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_kinds_have_their_words(kind: FindingKind) -> None:
    assert kind.title
    assert kind.sentence.endswith((".", ")"))
    # Who refuses it is known of what breaks; and whatever is wrong can be cured.
    assert (kind.severity != "error") or kind.refused_by
    assert (kind.severity == "info") or kind.fix


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_docs_have_every_kind(kind: FindingKind) -> None:
    what = f"{kind.title} | {kind.section} | {kind.refused_by}"
    assert f"| `{kind.name}` | {kind.severity} | {what} |" in DOCS


def test_sections_that_sentences_name_are_those_of_rfcs() -> None:
    for kind in KINDS.values():
        for number in re.findall(r"RFC ([0-9]+)", kind.sentence + kind.fix):
            assert 821 <= int(number) <= 9999


def kinds(octets: bytes) -> set[str]:
    return {spot.kind for spot in examine(octets)}


def test_good_message_shows_nothing() -> None:
    assert examine(GOOD) == []


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("missing_from", b"From: ann@example.com\r\n", b""),
        ("missing_date", b"Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n", b""),
        ("missing_message_id", b"Message-ID: <1@example.com>\r\n", b""),
        ("missing_message_id", b"<1@example.com>", b"<>"),
        ("bad_date", b"Sun, 22 Nov", b"yesterday"),
        ("bcc_header", b"Subject", b"Bcc: eve@example.com\r\nSubject"),
        ("repeated_field", b"Subject", b"Subject: One\r\nSubject"),
        ("bare_lf_data", b"Hi.\r\n", b"Hi.\n"),
        ("bare_cr_data", b"Hi.\r\n", b"Hi.\rHo.\r\n"),
        ("nul_octet", b"Hi.", b"Hi\0."),
        ("eightbit_in_7bit", b"Hi.", b"Hi \xe4."),
        ("long_line", b"Hi.", b"x" * 999),
    ],
)
def test_each_kind_is_found_where_it_is(kind: str, before: bytes, after: bytes) -> None:
    octets = GOOD.replace(before, after)
    found = {spot.kind: spot for spot in examine(octets)}
    assert found.keys() == {kind}
    spot = found[kind]
    if kind.startswith("missing") and not after:
        assert (spot.offset, spot.octets) == (None, "")
    else:
        assert spot.octets
        assert spot.offset is not None
        assert abs(spot.offset - octets.index(after)) <= len(b"Subject: One\r\n")


ENCODED = GOOD.replace(
    b"\r\n\r\n", b"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n"
)
IN_PARTS = GOOD.replace(
    b"\r\n\r\nHi.\r\n",
    b"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Transfer-Encoding: Base64\r\n\r\nSGkuDQo\r\n--x--\r\n",
)


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (ENCODED.replace(b"Hi.", b"SGk*uDQo="), "SGk*uDQo="),
        (ENCODED.replace(b"Hi.", b"SGkuDQo"), "SGkuDQo"),  # no padding
        (ENCODED.replace(b"Hi.", b"SGkuDQo=SGkuDQo="), "SGkuDQo="),
        (IN_PARTS, "SGkuDQo"),
    ],
)
def test_broken_base64_is_found(octets: bytes, shown: str) -> None:
    [spot] = examine(octets)
    assert spot.kind == "bad_base64"
    assert shown in spot.octets


def test_base64_may_go_on_behind_what_was_read() -> None:
    assert examine(ENCODED.replace(b"Hi.", b"SGkuDQo="), size=100) == []
    cut = ENCODED.replace(b"Hi.\r\n", b"SGkuDQo")
    assert examine(cut, size=len(cut) + 9) == []
    assert examine(cut, complete=False) == []


@pytest.mark.parametrize(
    "octets", [each for _, each in corpus()], ids=[name for name, _ in corpus()]
)
def test_parts_that_are_known_change_nothing(octets: bytes) -> None:
    parsed = structure.parse(octets, checked=False)
    assert examine(octets, parsed=parsed) == examine(octets)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (b"Hello", b"Hello\r\nBcc: eve@example.com", "Bcc: eve@example.com"),
        (
            b"Subject",
            b"X-Order: 17\r\nBcc: eve@example.com, <mal@example.com>\r\nSubject",
            "Bcc: eve@",
        ),
        (b"Hello", b"Hello\r\nTo: eve@example.com", "To: eve@example.com"),
        (
            b"Hello",
            b"Hello\r\nContent-Type: text/html\r\nContent-Type: text/plain",
            "Content-Type: text/html",
        ),
        (b"Hello", b"Hello\nFrom: eve@example.com", "From: eve@example.com"),
        (b"Hello", b"Hello\r\n\r\nClick: https://evil.example\r\nor else", "Date: Sun"),
        (b"Hello", b"Hello\n\nClick", "Date: Sun"),
    ],
)
def test_what_was_injected_into_a_header_is_found(
    before: bytes, after: bytes, shown: str
) -> None:
    octets = GOOD.replace(before, after, 1)
    found = {
        spot.kind: spot for spot in examine(octets, recipients=["bob@example.com"])
    }
    spot = found["header_injection"]
    assert spot.octets.startswith(shown)
    assert spot.offset == octets.rindex(shown.encode())


@pytest.mark.parametrize(
    "octets",
    [
        GOOD.replace(
            b"Subject", b"Bcc: bob@example.com\r\nSubject"
        ),  # the envelope has him
        GOOD.replace(b"Subject", b"Subject: One\r\nSubject"),  # only twice
        # A mail that is quoted, one that tells of fields, and one in parts.
        GOOD
        + b"\r\nFrom: eve@example.com\r\nDate: today\r\nMIME-Version: 1.0\r\n\r\nHo.\r\n",
        GOOD + b"Note: one\r\nMIME-Version: 1.0\r\n\r\n",
        IN_PARTS,
    ],
)
def test_what_only_looks_injected_is_not(octets: bytes) -> None:
    found = {spot.kind for spot in examine(octets, recipients=["bob@example.com"])}
    assert "header_injection" not in found


def test_line_of_998_octets_is_short_enough() -> None:
    assert kinds(GOOD.replace(b"Hi.", b"x" * 998)) == set()
    assert kinds(GOOD + b"y" * 998) == set()
    assert kinds(GOOD + b"y" * 999) == {"long_line"}


def test_places_are_the_octets_themselves() -> None:
    [lf] = examine(GOOD.replace(b"Hi.\r\n", b"Hi.\nHo.\r\n"))
    assert (lf.offset, lf.octets) == (GOOD.index(b"Hi.") + 3, lf.octets)
    assert r"Hi.\x0aHo." in lf.octets
    [blind] = examine(GOOD.replace(b"Subject", b"Bcc: eve@example.com\r\nSubject"))
    assert blind.octets == "Bcc: eve@example.com"
    assert blind.offset == GOOD.index(b"Subject")


def test_what_was_cut_off_misses_nothing() -> None:
    assert examine(b"From: a@example.com\r\n", complete=False) == []
    assert examine(b"") == []


@given(st.binary(max_size=4000))
def test_any_octets_can_be_examined(octets: bytes) -> None:
    found = examine(octets)
    assert len({spot.kind for spot in found}) == len(found)
    assert all(spot.kind in KINDS and len(spot.octets) <= 4 * 80 for spot in found)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("EHLO mail.example.com", []),
        ("ehlo [127.0.0.1]", []),
        ("EHLO [IPv6:::1]", []),
        ("HELO localhost.localdomain", []),
        ("EHLO", ["hello_without_name"]),
        ("HELO  ", ["hello_without_name"]),
        ("EHLO localhost", ["hello_not_qualified"]),
        ("EHLO 192.0.2.1", ["hello_bare_address"]),
        ("EHLO ::1", ["hello_bare_address"]),
        ("EHLO Bob's laptop", ["hello_bad_name"]),
        ("EHLO -x.example", ["hello_bad_name"]),
        ("EHLO bücher.example", ["hello_bad_name"]),
        ("EHLO [300.0.0.1]", ["hello_bad_name"]),
        ("EHLO [X400:a]", ["unknown_literal"]),
        ("EHLO my_app", []),  # its flag says it
    ],
)
def test_names_behind_ehlo(line: str, found: list[str]) -> None:
    assert list(hello_kinds(line)) == found


SEVERITIES: list[tuple[str, str, str, int, bool, str]] = [
    ("auth_plaintext", "127.0.0.1:1025", "127.0.0.1", 1, True, "info"),
    ("auth_plaintext", "[::1]:1025", "::1", 1, True, "info"),
    ("auth_plaintext", "10.0.0.1:1025", "10.0.0.2", 1, True, "warning"),
    ("auth_plaintext", "unix", "", 1, True, "warning"),
    ("hello_not_qualified", "0.0.0.0:25", "10.0.0.2", 1, True, "info"),
    ("hello_not_qualified", "0.0.0.0:25", "8.8.8.8", 1, True, "warning"),
    ("eightbit_in_7bit", "0.0.0.0:25", "8.8.8.8", 1, True, "info"),
    ("eightbit_in_7bit", "0.0.0.0:25", "8.8.8.8", 1, False, "warning"),
    ("connection_per_message", "0.0.0.0:25", "8.8.8.8", 29, True, "info"),
    ("connection_per_message", "0.0.0.0:25", "8.8.8.8", 30, True, "warning"),
    ("transaction_per_recipient", "0.0.0.0:25", "8.8.8.8", 2, True, "info"),
    ("transaction_per_recipient", "0.0.0.0:25", "8.8.8.8", 10, True, "warning"),
    ("bare_lf_data", "127.0.0.1:1025", "127.0.0.1", 1, True, "error"),
]


@pytest.mark.parametrize(
    ("kind", "listener", "client", "count", "eight", "is_"), SEVERITIES
)
def test_level(
    kind: str, listener: str, client: str, count: int, eight: bool, is_: str
) -> None:
    assert severity(kind, listener, client, count, eight) == is_


def mail(**fields: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return "".join(lines).encode() + b"\r\nHi.\r\n"


UUID = str(uuid4())
CAPTURES = sorted((Path(__file__).parent / "clients").glob("*.txt"))


@pytest.mark.parametrize("path", CAPTURES, ids=[path.stem for path in CAPTURES])
def test_clients_are_recognised_by_what_they_sent(path: Path) -> None:
    """Each file has the name, the lines and the header that a real client sent."""
    dialogue, _, header = path.read_text().partition("\n\n")
    name, *lines = dialogue.splitlines()
    octets = header.replace("\n", "\r\n").encode() + b"\r\nHi.\r\n"
    client = recognise([line.removeprefix("C: ") for line in lines], octets)
    assert client.words == name
    assert bool(client.sign) == (client != UNKNOWN)


# What versions that are not at hand write.
OTHERS: list[tuple[str, list[str], bytes]] = [
    ("smtplib", ["ehlo x.test", "mail FROM:<a@b.c> size=9"], b""),
    ("phpmailer", ["EHLO x"], mail(
        Content_Type=f'multipart/alternative; boundary="b1={"_" + "aB3" * 12}"')),
    ("javamail", ["EHLO x"], mail(Message_ID="<8381.1.1323.JavaMail.ann@host>")),
    ("rails", ["EHLO x"], mail(Message_ID="<6926c0de1a2b3_1a2b3c4d5e6f@host.mail>")),
    ("swiftmailer", ["EHLO x"], mail(Message_ID=f"<{'0af3' * 8}@swift.generated>")),
    ("mailkit", ["EHLO x"], mail(Message_ID="<PC1TKEJ6G4V4.QZC4XN7V05YE3@host>")),
    ("dotnet", ["EHLO x"], mail(
        Content_Type=f'multipart/mixed; boundary="--boundary_0_{UUID}"')),
    ("neomutt", ["EHLO x"], mail(User_Agent="NeoMutt/20220429")),
    ("postfix", ["EHLO mx.test"], mail(
        Received="by mx.test (Postfix, from userid 0)", X_Mailer="PHPMailer 6")),
    ("exim", ["EHLO b"], mail(Received="from a by b with esmtp (Exim 4.96)")),
]  # fmt: skip


@pytest.mark.parametrize(("key", "lines", "octets"), OTHERS)
def test_other_versions_are_recognised(
    key: str, lines: list[str], octets: bytes
) -> None:
    client = recognise(lines, octets)
    assert (client.key, client.certain) == (key, True)
    assert client.words == NAMES[key]
    assert client.sign


@pytest.mark.parametrize(
    ("key", "lines", "octets"),
    [
        ("smtplib", ["mail FROM:<a@b.c>"], b""),  # or emailjs
        ("go", ["EHLO localhost", "MAIL FROM:<a@b.c> BODY=8BITMIME"], b""),
        ("go", ["EHLO x.test", "MAIL FROM:<a@b.c> BODY=8BITMIME SMTPUTF8"], b""),
        ("go-mail", ["EHLO x", "NOOP", "MAIL FROM:<> BODY=8BITMIME SMTPUTF8"], b""),
        # A mail that Postfix once had, and somebody else sends now.
        ("postfix", ["EHLO x"], mail(Received="by mx.test (Postfix)")),
    ],
)
def test_clients_that_others_may_be(key: str, lines: list[str], octets: bytes) -> None:
    client = recognise(lines, octets)
    assert (client.key, client.certain) == (key, False)
    assert client.words == f"probably {NAMES[key]}"


@pytest.mark.parametrize(
    ("lines", "octets"),
    [
        ([], b""),
        (["EHLO localhost", "MAIL FROM:<a@b.c>"], GOOD),
        (["EHLO x.test", "MAIL FROM:<a@b.c> BODY=8BITMIME"], b"\xff\xfe"),
        # A relay that is not known: what is in the mail is not its own.
        (["EHLO x"], mail(Received="from a by b", X_Mailer="PHPMailer 6")),
        # Written by Python's email, but not sent by smtplib.
        (
            ["EHLO x", "MAIL FROM:<a@b.c>"],
            mail(Message_ID="<179542814033.3333.1837017@h>"),
        ),
        # 32 hexadecimal digits are an id of CakePHP's and gen_smtp's too.
        (
            ["EHLO x"],
            mail(
                From="a", Message_ID=f"<{'0af3' * 8}@example.com>", MIME_Version="1.0"
            ),
        ),
    ],
)
def test_others_are_unknown(lines: list[str], octets: bytes) -> None:
    assert recognise(lines, octets) == UNKNOWN


@given(st.lists(st.text(max_size=80), max_size=9), st.binary(max_size=2000))
def test_anything_is_recognised_or_unknown(lines: list[str], octets: bytes) -> None:
    assert recognise(lines, octets).words


def test_cures_are_those_of_known_kinds_and_clients() -> None:
    assert _FIXES.keys() <= KINDS.keys()
    tables = [*_FIXES.values(), *OF_LINES.values()]
    assert {key for each in tables for key in each} - {""} <= NAMES.keys()
    kind = KINDS["missing_date"]
    known = recognise(["mail FROM:<a@b.c>", "rcpt TO:<b@c.d>"])
    assert fix(kind, known).startswith("Python's smtplib: ")
    assert fix(kind, UNKNOWN) == kind.fix


def test_a_fix_tells_what_else_will_do_and_the_settings_of_frameworks() -> None:
    assert fix(KINDS["plain_on_tls"], UNKNOWN).startswith(
        "Turn implicit TLS (SSL) on in the client for this port. "
        "Or: Connect to the port of plain SMTP instead. Shell: swaks --tls-on-connect. "
        "Django: EMAIL_USE_SSL = True. "
    )
    assert fix(KINDS["tls_on_plain"], UNKNOWN).startswith(
        f"{KINDS['tls_on_plain'].fix} Shell: Leave --tls-on-connect out. Django: "
    )


@pytest.mark.parametrize(
    ("octets", "line", "begins"),
    [
        (GOOD.replace(b"bob@", b"bob@example.com, " * 80 + b"bob@"), "field", "Fold "),
        (GOOD.replace(b"Hi.", b"QUJD" * 300), "base64", "Wrap "),
        (GOOD.replace(b"Hi.", b"To: all of you. " * 80), "text", "Let the client"),
    ],
)
def test_fix_of_a_long_line_goes_by_what_the_line_is(
    octets: bytes, line: str, begins: str
) -> None:
    [spot] = examine(octets)
    found = what(WirePlace(1, spot.octets, spot.offset), octets)
    assert found == line
    assert fix(KINDS["long_line"], UNKNOWN, found).startswith(begins)
