"""The test message: sent over SMTP to our own listener, like that of an application.

Blocks for as long as SMTP takes (limited by a timeout): call it on a request's thread.
"""

from __future__ import annotations

import re
import smtplib
from email import policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from inbox.onboarding.endpoints import Reach
from mailsink.conf import CONFIG

TIMEOUT = 10.0  # seconds, for each step of the dialogue

_DOMAIN = "mailsink.test"
_QUEUED = re.compile(rb"queued as ([0-9a-f-]{36})")
_PICTURE = Path(settings.STATIC_ROOT) / "img" / "envelope.png"


class NotSent(Exception):
    """The test message was not accepted; the text says where and why."""


def send(to: Reach | None) -> UUID | None:
    """Send the test message; return its queue id, if the reply has one.

    Raises NotSent if SMTP is off, does not answer in time, or refuses.
    """
    if to is None:
        raise NotSent(_("SMTP is off in this process (serve --smtp off)."))
    where = f"{to.host}:{to.port}"
    try:
        with smtplib.SMTP(
            to.host, to.port, f"test-message.{_DOMAIN}", TIMEOUT
        ) as client:
            if CONFIG.smtp_auth:
                client.login(*CONFIG.smtp_auth[0])
            return _deliver(client, compose())
    except smtplib.SMTPResponseException as error:
        reply = f"{error.smtp_code} {_text(error.smtp_error)}"
        raise NotSent(
            _("%(where)s answered: %(reply)s") % {"where": where, "reply": reply}
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise NotSent(
            _("%(where)s refused the recipient: %(code)s %(text)s")
            % {"where": where, "code": code, "text": _text(text)}
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(
            _("%(where)s did not accept it: %(error)s")
            % {"where": where, "error": error}
        ) from error


def compose() -> EmailMessage:
    """Return the message: text and HTML, with a picture that the HTML shows by cid:."""
    message = EmailMessage()
    message["From"] = f"Mailsink <hello@{_DOMAIN}>"
    message["To"] = "You <you@example.com>"
    message["Subject"] = _("A test message: it works ✓")
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=_DOMAIN)
    message.set_content(render_to_string("welcome/test-message.txt"))
    picture = make_msgid(domain=_DOMAIN)
    html = render_to_string("welcome/test-message.html", {"picture": picture[1:-1]})
    message.add_alternative(html, subtype="html")
    related = list(message.iter_parts())[1]
    assert isinstance(related, EmailMessage)
    related.add_related(
        _PICTURE.read_bytes(), "image", "png", cid=picture, filename="envelope.png"
    )
    return message


def _deliver(client: smtplib.SMTP, message: EmailMessage) -> UUID | None:
    """Send MAIL, RCPT and DATA one by one.

    send_message() would not return the last reply.
    """
    client.ehlo_or_helo_if_needed()
    _expect(client.mail(f"hello@{_DOMAIN}"))
    _expect(client.rcpt("you@example.com"))
    queued = _QUEUED.search(_expect(client.data(message.as_bytes(policy=policy.SMTP))))
    return UUID(queued[1].decode()) if queued else None


def _expect(reply: tuple[int, bytes]) -> bytes:
    code, text = reply
    if code >= 300:
        raise smtplib.SMTPResponseException(code, text)
    return text


def _text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply
