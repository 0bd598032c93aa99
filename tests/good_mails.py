"""Mails as real applications send them: none of them may be taken for a faulty one."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

_RESET = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Reset your password</title>
<style>.button { background: #1a56db; color: #ffffff; padding: 12px 24px }</style></head>
<body style="margin:0"><table role="presentation" width="100%"><tr><td align="center">
<img src="https://cdn.acme.io/logo.png" alt="Acme" width="120" height="40">
<h1>Reset your password</h1><p>Hello Ann,</p>
<p><a class="button" href="https://app.acme.io/reset?token=Zm9v&amp;u=42">Choose a new password</a></p>
<p>If you did not ask for this, you need not do anything. <a href="#top">Back to top</a>
<a href="mailto:help@acme.io">help@acme.io</a> <a href="tel:+4930123456">Call us</a></p>
</td></tr></table></body></html>
"""
_NEWS = "".join(
    f"<tr><td><h2>Story {n}</h2><p>100% of it, and {{more}} at $5 [sic] &lt;3.</p>"
    f'<a href="https://news.acme.io/{n}?utm_source=mail&utm_medium=e%20mail">Read on</a></td></tr>'
    for n in range(60)
)
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def _mail(subject: str, text: str, html: str = "", **fields: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Acme <hello@acme.io>"
    message["To"] = "Ann Müller <ann@customer.org>"
    message["Subject"] = subject
    message["Date"] = "Sun, 22 Nov 2026 10:00:00 +0100"
    message["Message-ID"] = "<4711.1@acme.io>"
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def _invoice() -> EmailMessage:
    message = _mail("Invoice 4711", "Dear Ann,\n\nyour invoice is attached.\n")
    message.add_attachment(
        b"%PDF-1.7 " + _PNG,
        maintype="application",
        subtype="pdf",
        filename="Rechnung Ü.pdf",
    )
    return message


def _inline() -> EmailMessage:
    message = _mail(
        "Your ticket",
        "Show this at the door.\n",
        '<p>Show this:</p><img src="cid:code" alt="Code">',
    )
    payload = message.get_payload()
    part = payload[1] if isinstance(payload, list) else message
    assert isinstance(part, EmailMessage)
    part.add_related(_PNG, "image", "png", cid="<code>")
    return message


def _calendar() -> EmailMessage:
    message = _mail("Invitation: Lunch", "Lunch on Monday at noon.\n")
    message.add_alternative(
        "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1@acme.io\n"
        "SUMMARY:Lunch\nDTSTART:20261123T110000Z\nEND:VEVENT\nEND:VCALENDAR\n",
        subtype="calendar",
    )
    return message


def _forwarded() -> EmailMessage:
    message = _mail("Fwd: Broken", "See below.\n")
    message.add_attachment(_mail("Broken", "Hello {{ name }}, see http://localhost/\n"))
    return message


_MESSAGES = {
    "plain": _mail("Welcome", "Hello Ann,\n\nwelcome to Acme: https://acme.io/start\n"),
    "accents": _mail("Grüße aus Köln", "Schöne Grüße, 你好, 🎉\n", "<p lang=de>Schöne Grüße</p>"),
    "reset": _mail("Reset your password", "Hello Ann,\nhttps://app.acme.io/reset?token=Zm9v&u=42\n", _RESET),
    "html only": _mail("Hi", "x\n"),
    "newsletter": _mail(
        "News", "Sixty stories, all of it.\n", f"<html lang=en><title>News</title><table role=presentation>{_NEWS}</table>",
        List_Unsubscribe="<https://acme.io/u/1>, <mailto:leave@acme.io>", List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    ),
    "code": _mail("Build 12 failed", "if (a < b && c > d) { return x[0]; } // 50% done, costs $12\nfoo() {\n}\n"),
    "diff": _mail("[PATCH] Fix it", "--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n-\tint a[2][3];\n+\tint a[3][3];\n"),
    "log": _mail("Error", 'Traceback:\n  File "x.py", line 3\nKeyError: None\n127.0.0.1 - - "GET / HTTP/1.1" 200\n'),
    "invoice": _invoice(), "inline": _inline(), "calendar": _calendar(), "forwarded": _forwarded(),
    "dots": _mail("Dots", ".\n..\n.hidden\nFrom here on\n"),
    "code to log in": _mail("123 456 is your code", "Your code is 123 456. It is valid for 10 minutes.\n"),
    "no subject": _mail("", "Hi\n"),
    "auto reply": _mail("Re: Hello", "I am away.\n", Auto_Submitted="auto-replied"),
}  # fmt: skip

_RAW = {
    "latin-1": b"From: a@acme.io\r\nTo: b@acme.io\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe\r\n",
    "no MIME": b"From: root@host.acme.io\r\nTo: root\r\nSubject: Cron\r\n\r\ndone\r\n",
    "single part HTML": b"From: a@acme.io\r\nSubject: Hi\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<p>Hello <b>Ann</b>, <a href='https://acme.io'>visit us</a></p>\r\n",
    "bounce": b"From: MAILER-DAEMON@mx.acme.io\r\nTo: a@acme.io\r\nSubject: Undelivered\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo.\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.acme.io\r\n\r\n"
    b"Final-Recipient: rfc822; b@acme.io\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n",
    "resent": b"Received: from a by b; Sun, 22 Nov 2026 10:00:00 +0100\r\nReceived: from c by a; Sun, 22 Nov 2026 09:59:00 +0100\r\n"
    b"Resent-From: c@acme.io\r\nFrom: a@acme.io\r\nTo: b@acme.io\r\nSubject: Hi\r\nX-Tag: 1\r\nX-Tag: 2\r\n\r\nHi\r\n",
}

GOOD: dict[str, bytes] = {
    **{name: each.as_bytes(policy=SMTP) for name, each in _MESSAGES.items()},
    **_RAW,
}
