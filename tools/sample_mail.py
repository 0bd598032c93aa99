"""Mail of a shop's staging server, for the pictures in the documentation."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass(frozen=True, slots=True)
class Mail:
    """A message and its envelope."""

    sender: str
    recipients: list[str]
    message: EmailMessage = field(repr=False)


_TAG = re.compile("<[^>]*>")


def _html(title: str, *paragraphs: str, colour: str = "#1d4ed8") -> str:
    body = "".join(f"<p>{each}</p>" for each in paragraphs)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>"
        "body{font:16px/1.5 Helvetica,Arial,sans-serif;margin:0;background:#f3f4f6}"
        ".card{max-width:600px;margin:0 auto;background:#fff;padding:24px;display:flex;"
        "flex-direction:column;gap:8px}"
        "@media (prefers-color-scheme: dark){body{background:#111827}"
        ".card{background:#1f2937;color:#f9fafb}}"
        f"</style></head><body><div class=card><h1 style='color:{colour}'>{title}</h1>"
        f"{body}</div></body></html>"
    )


def _mail(
    sender: str, subject: str, to: str, *paragraphs: str, extra: tuple[str, ...] = ()
) -> Mail:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    address = sender.rpartition("<")[2].strip(">")
    message["Message-ID"] = (
        f"<{zlib.crc32(subject.encode()):08x}@{address.partition('@')[2]}>"
    )
    text = "\n\n".join(_TAG.sub("", each).strip() for each in paragraphs)
    message.set_content(text + "\n")
    message.add_alternative(_html(subject, *paragraphs), subtype="html")
    return Mail(address, [to, *extra], message)


def _png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """Return a picture in one colour (PNG, ISO/IEC 15948)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    row = b"\0" + bytes(colour) * width
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )


_INVITE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//shop.test//calendar//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:20261203-release@shop.test
DTSTAMP:20261126T090000Z
DTSTART;TZID=Europe/Berlin:20261203T100000
DTEND;TZID=Europe/Berlin:20261203T104500
SUMMARY:Release meeting
LOCATION:Room 4.12
ORGANIZER;CN=Olga Ops:mailto:olga@shop.test
ATTENDEE;CN=Ann Example;PARTSTAT=NEEDS-ACTION:mailto:ann@example.com
RRULE:FREQ=WEEKLY;COUNT=4
END:VEVENT
END:VCALENDAR
"""


def invoice(number: int, total: str, month: str) -> Mail:
    """Return an invoice: HTML with a picture, and a table attached."""
    mail = _mail(
        "Billing <billing@shop.test>",
        f"Invoice INV-{number} for {month}",
        "ann@example.com",
        f"Thank you for your order. The total of {month} is <b>{total}</b>.",
        '<img src="cid:logo" width="120" height="40"> '
        f'<a href="https://shop.test/invoices/{number}">See the invoice</a>',
        '<img src="https://cdn.shop.test/banner.png" alt="Winter sale"> '
        "Payable within {{ days }} days.",
    )
    html = mail.message.get_payload(1)
    assert isinstance(html, EmailMessage)
    html.add_related(_png(120, 40, (29, 78, 216)), "image", "png", cid="<logo>")
    mail.message.add_attachment(
        b"position,amount\nShoes,59.90\nShipping,4.90\n",
        maintype="text", subtype="csv", filename=f"INV-{number}.csv",
    )  # fmt: skip
    return mail


def invitation() -> Mail:
    """Return an invitation to a meeting, with the organiser's contact."""
    mail = _mail(
        "Olga Ops <olga@shop.test>",
        "Invitation: release meeting 📅",
        "ann@example.com",
        "Please join us on 3 December.",
    )
    mail.message.add_attachment(
        _INVITE.replace("\n", "\r\n").encode(),
        maintype="text", subtype="calendar", filename="invite.ics",
    )  # fmt: skip
    mail.message.add_attachment(
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Olga Ops\r\nEMAIL:olga@shop.test\r\n"
        b"TEL:+49 30 1234567\r\nORG:Shop;Operations\r\nEND:VCARD\r\n",
        maintype="text", subtype="vcard", filename="olga.vcf",
    )  # fmt: skip
    return mail


def everyday() -> Iterator[Mail]:
    """Yield the messages of a day, oldest first; the newest is an invoice."""
    yield _mail(
        "Newsletter <news@shop.test>", "What is new this week", "carl@example.com",
        "Boots, hats, and the usual coats.",
        '<a href="http://track.shop.test/c?u=https%3A%2F%2Fshop.test">Have a look</a>',
    )  # fmt: skip
    yield _mail(
        "دعم المتجر <support@shop.test>", "تم استلام طلبك رقم 10482 وسيصلك قريبًا",
        "dora@example.com", "شكرا لك.",
    )  # fmt: skip
    yield _mail(
        "deploy@ci-runner-7f9c4d5b6-x2x9q.staging.internal.shop.test",
        "Pipeline#48213_failed_in_stage_integration-tests_at_commit_5f2c9e1a7b3d4f60",
        "ops@example.com", "See the log.",
    )  # fmt: skip
    yield invitation()
    yield _mail(
        "Shop <no-reply@auth.test>", "Your sign-in code is 481 204", "ann@example.com",
        "Your verification code is <b>481204</b>. It is valid for 10 minutes.",
        '<a href="https://auth.test/magic?token=5b1f0c7e9a">Sign in at once</a>',
    )  # fmt: skip
    yield _mail(
        "Shop <orders@shop.test>", "Your order 10482 is confirmed 🎉", "ann@example.com",
        "It is on its way.", extra=("bob@@example.com",),
    )  # fmt: skip
    yield invoice(2230, "58.10", "October")
    yield invoice(2231, "64.80", "November")


def burst(count: int = 36) -> Iterator[Mail]:
    """Yield a burst of alike mails, as a job sends them."""
    for number in range(count):
        yield _mail(
            "Stock <stock@shop.test>", f"Only {number + 3} pairs left of item {7000 + number}",
            f"team{number % 3}@example.com", "Please order more.",
        )  # fmt: skip
