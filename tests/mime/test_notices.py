"""What a message is where it is not just text, in words."""

from __future__ import annotations

import base64

import pytest

from mailsink.mime.notices import MOST, notices
from mailsink.mime.reading import Reading
from mailsink.mime.structure import parse
from tests.mime import tnefs

DSN = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.shop.test\n\n"
MDN = "Content-Type: message/disposition-notification\n\n"
EVENT = "BEGIN:VCALENDAR\nMETHOD:{}\nBEGIN:VEVENT\nSUMMARY:Tea\n{}END:VEVENT\nEND:VCALENDAR\n"


def multipart(kind: str, *parts: str) -> str:
    middle = "".join(f"--b\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary=b\n\n{middle}--b--\n"


def cms(oid: bytes) -> str:
    body = base64.b64encode(b"\x30\x80" + oid + bytes(80)).decode()
    return (
        "Content-Type: application/pkcs7-mime; name=smime.p7m\n"
        f"Content-Transfer-Encoding: base64\n\n{body}"
    )


def winmail(kind: str, octets: bytes) -> str:
    body = base64.b64encode(octets).decode()
    return f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{body}"


def told(mail: str) -> list[tuple[str, str]]:
    octets = mail.replace("\n", "\r\n").encode()
    reading = Reading(octets, parse(octets))
    return [(each.kind, str(each.text)) for each in notices(reading)]


def calendar(method: str, more: str = "", kind: str = "text/calendar") -> str:
    return f"Content-Type: {kind}\n\n{EVENT.format(method, more)}"


@pytest.mark.parametrize(
    ("mail", "kind", "words"),
    [
        (multipart("signed; protocol=\"application/pkcs7-signature\"", "\nHi", "\nx"),
         "smime_signed", "signed with S/MIME"),
        (multipart("signed; protocol=\"application/x-pkcs7-signature\"", "\nHi", "\nx"),
         "smime_signed", "signed with S/MIME"),
        (multipart("signed; protocol=\"application/pgp-signature\"", "\nHi", "\nx"),
         "pgp_signed", "signed with OpenPGP"),
        (multipart("signed", "\nHi", "\nx"), "signed", "unknown protocol"),
        (multipart("encrypted; protocol=\"application/pgp-encrypted\"", "\nx", "\nx"),
         "pgp_encrypted", "encrypted with OpenPGP"),
        (multipart("encrypted; protocol=odd/one", "\nx"), "encrypted", "odd/one"),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx",
         "smime_encrypted", "encrypted with S/MIME"),
        ("Content-Type: application/x-pkcs7-mime; smime-type=signed-data\n\nx",
         "smime_signed", "inside the signature"),
        (cms(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"), "smime_encrypted", "encrypted"),
        (cms(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"), "smime_signed", "opaque"),
        (cms(b"").replace("pkcs7-mime", "octet-stream"), "smime", "unstated"),
        ("Content-Type: application/pgp-keys\n\nx", "pgp_keys", "OpenPGP key"),
        ("\n-----BEGIN PGP MESSAGE-----\n\nx", "pgp_encrypted", "Its text is encrypted"),
        ("\nHi\n-----BEGIN PGP SIGNED MESSAGE-----\nx", "pgp_signed", "Its text is signed"),
        ("\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "pgp_keys", "OpenPGP key"),
        ("Content-Type: message/partial; id=a; number=2; total=3\n\nx", "partial", "piece 2 of 3"),
        ("Content-Type: message/partial; id=a; number=1\n\nx", "partial", "piece 1 of ?"),
        ("Content-Type: message/external-body; access-type=URL; URL=\"https://a.test/f\"\n\n\nx",
         "external_body", "elsewhere (URL): https://a.test/f"),
        ("Content-Type: message/external-body; access-type=anon-ftp; site=f.test; name=a.ps\n\nx",
         "external_body", "(anon-ftp): f.test/a.ps"),
        (DSN + "Final-Recipient: rfc822; ann@b.test\nAction: failed\nStatus: 5.1.1\n"
         "Diagnostic-Code: smtp;\n 550 No such user\n", "bounce",
         "ann@b.test did not get the message. 5.1.1 550 No such user"),
        (DSN + "Final-Recipient: rfc822;a@b.test\nAction: delivered\n\n"
         "Final-Recipient: rfc822;c@b.test\nAction: failed\n\n"
         "Final-Recipient: rfc822;d@b.test\nAction: Failed (really)\n", "bounce",
         "c@b.test (+ 1) did not get"),
        (DSN + "Final-Recipient: rfc822;a@b.test\nAction: delayed\nStatus: 4.4.1\n", "delay", "4.4.1"),
        (DSN + "Final-Recipient: rfc822;a@b.test\nAction: delivered\n", "delivery_receipt", "a@b.test"),
        (DSN, "delivery_report", "does not say"),
        (MDN + "Final-Recipient: rfc822;a@b.test\n"
         "Disposition: manual-action/MDN-sent-manually; displayed\n", "receipt",
         "a@b.test has displayed"),
        (MDN + "Final-Recipient: rfc822;a@b.test\nDisposition: x; deleted/error\n", "receipt", "unread"),
        (MDN, "receipt", "a receipt for a message to ?"),
        ("Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Some/1\n",
         "complaint", "(abuse), from Some/1"),
        (calendar("REPLY", "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@b.test\n"),
         "invitation_reply", "Bob comes to “Tea”"),
        (calendar("REPLY", "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@b.test\n"),
         "invitation_reply", "bob@b.test does not come to “Tea”"),
        (multipart("alternative", "\nHi", calendar("REQUEST")), "invitation", "“Tea”"),
        (calendar("CANCEL"), "invitation_cancelled", "cancels an event: “Tea”"),
        (multipart("mixed", "\n", "Content-Type: application/pgp-encrypted\n\nVersion: 1",
                   "Content-Type: application/octet-stream; name=a.asc\n\nx"),
         "pgp_encrypted", "changed its structure"),
        ("X-Failed-Recipients: kim@shop.test,\n lee@shop.test\n\nNot delivered.", "bounce",
         "kim@shop.test (+ 1) did not"),
        ("\nHi. This is the qmail-send program at mx.test.\nSorry.\n\n<kim@shop.test>:\nNo such\nmailbox. (#5.1.1)\n\n--- Below\n",
         "bounce", "kim@shop.test did not get the message. No such mailbox. (#5.1.1)"),
        (winmail("application/ms-tnef; name=winmail.dat", tnefs.stream(tnefs.file(b"a", b"b"))),
         "tnef", "files in it: 1."),
        (winmail("application/octet-stream; name=WINMAIL.DAT", tnefs.stream()), "tnef", "files in it: 0."),
        (winmail("application/ms-tnef", b"x"), "tnef", "but is not"),
    ],
)  # fmt: skip
def test_notices(mail: str, kind: str, words: str) -> None:
    ((found, text),) = told(mail)
    assert found == kind
    assert words in text


@pytest.mark.parametrize(
    "mail",
    [
        "",
        "\nHi",
        "\n> -----BEGIN PGP MESSAGE-----",
        multipart(
            "mixed", "\nHi", "Content-Type: application/octet-stream; name=a.bin\n\nx"
        ),
        multipart(
            "mixed", "\nHi", f"Content-Type: message/rfc822\n\n{calendar('REQUEST')}"
        ),
        calendar("PUBLISH"),
        "\nHi. This is the shop. Your order is on its way.",
    ],
)
def test_nothing_to_tell(mail: str) -> None:
    assert told(mail) == []


def test_notices_are_bounded() -> None:
    assert len(told(multipart("mixed", *[calendar("REQUEST")] * 50))) == MOST
