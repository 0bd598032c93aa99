"""nodemailer: what most of Node sends mail by. tools/programs installs it by npm.

It leaves without QUIT, unless it keeps its connections in a pool.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.interop.clients import run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink

_SEND = Path(__file__).parent / "node" / "send.js"
_MAIL = {
    "from": "a@example.com",
    "to": "b@example.com",
    "subject": "Hello",
    "text": "Hi",
}


def nodemailer(address: tuple[str, int], mail: dict[str, Any], **options: Any) -> Any:
    """Send a mail; return what nodemailer tells of it."""
    transport = {"host": address[0], "port": address[1], "name": "client.test"}
    said = run(
        program("node", "nodejs"),
        *(str(_SEND), json.dumps(transport | options), json.dumps(mail)),
    )
    return json.loads(said)


def test_nodemailer(mailsink: Mailsink, wire: Wire) -> None:
    """Asks for DSN, with xtext (RFC 3461)."""
    dsn = {
        "id": "e+1=2",
        "return": "headers",
        "notify": ["success", "failure"],
        "recipient": "d@example.com",
    }
    sent = nodemailer(mailsink.smtp, {**_MAIL, "dsn": dsn}, ignoreTLS=True)
    assert sent["accepted"] == ["b@example.com"]
    envelope = wire.message()["envelope"]
    assert "ENVID=e+2B1+3D2" in envelope["parameters"]
    assert "ORCPT=rfc822;d@example.com" in envelope["recipients"][0]["parameters"]
    wire.matches("nodemailer")


def test_nodemailer_smtputf8(mailsink: Mailsink, wire: Wire) -> None:
    """Sends to an address that is not ASCII (RFC 6531)."""
    sent = nodemailer(
        mailsink.smtp, {**_MAIL, "to": "björn@example.com"}, ignoreTLS=True
    )
    assert sent["accepted"] == ["björn@example.com"]
    recipients = wire.message()["envelope"]["recipients"]
    assert recipients[0]["forward_path"] == "björn@example.com"
    wire.matches("nodemailer-smtputf8")
