"""Mail as octets, for tests to send or to store."""

from __future__ import annotations

from email.message import EmailMessage

INVOICE = (
    b"From: Ann Example <ann@example.com>\r\nTo: Bob <bob@example.com>\r\n"
    b"Cc: cat@example.com\r\nSubject: Your invoice\r\nMessage-ID: <1@example.com>\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\nPay me.\r\n"
)
ORDER = (
    b"From: Shop <orders@shop.test>\r\nTo: ann@example.com\r\n"
    b"Subject: Your order\r\n\r\nThank you!\r\n"
)
HELLO = b"From: Ann <ann@example.com>\r\nTo: bob@example.com\r\nSubject: Hello\r\n\r\nHi.\r\n"


def plain(subject: str, body: str = "Hello.\r\n") -> bytes:
    """Return a small message."""
    head = f"From: Shop <shop@shop.test>\r\nTo: ann@example.com\r\nSubject: {subject}"
    return f"{head}\r\n\r\n{body}".encode()


def rich(subject: str, html: str, image: bytes = b"") -> bytes:
    """Return a message with HTML; the image is its cid:logo."""
    message = EmailMessage()
    message["From"] = "Shop <shop@shop.test>"
    message["To"] = "ann@example.com"
    message["Subject"] = subject
    message.set_content("The text of it.\n")
    message.add_alternative(html, subtype="html")
    if image:
        payload = message.get_payload()
        assert isinstance(payload, list)
        part = payload[1]
        assert isinstance(part, EmailMessage)
        part.add_related(image, "image", "png", cid="<logo>")
    return message.as_bytes()


def apart(number: int) -> str:
    """Return a number in letters, so that many subjects are no burst of alike ones."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


BOUNCE = (
    b"From: MAILER-DAEMON@mx.test\r\nSubject: Undelivered\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\n\r\nNo.\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; mx.shop.test\r\n\r\n"
    b"Final-Recipient: rfc822; ann@there.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    b"--b--\r\n"
)
